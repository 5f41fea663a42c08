package secureboot

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// KeySize is the RSA modulus in bits: firmware of the first Secure Boot machines
// takes no more.
const KeySize = 2048

// validity is long, since firmware has no trusted clock and a machine must still
// start when its keys are ten years old.
const validity = 20 * 365 * 24 * time.Hour

// Set is an owner's keys: the platform key signs the key exchange key, that signs
// the database, and the database's key signs images.
type Set struct{ PK, KEK, DB Signer }

// NewSet makes new keys for an owner.
func NewSet(owner string, now time.Time) (Set, error) {
	var s Set
	for _, k := range []struct {
		to   *Signer
		what string
	}{{&s.PK, "platform key"}, {&s.KEK, "key exchange key"}, {&s.DB, "image signing key"}} {
		var err error
		if *k.to, err = newSigner(owner+" "+k.what, now); err != nil {
			return Set{}, err
		}
	}
	return s, nil
}

func newSigner(name string, now time.Time) (Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, KeySize)
	if err != nil {
		return Signer{}, fmt.Errorf("make key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return Signer{}, fmt.Errorf("make key: %w", err)
	}
	tmpl := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(validity),
		SignatureAlgorithm: x509.SHA256WithRSA, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return Signer{}, fmt.Errorf("make certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Signer{}, fmt.Errorf("make certificate: %w", err)
	}
	return Signer{key, cert}, nil
}

// File is one file of a key folder.
type File struct {
	Name   string
	Secret bool
	Data   []byte
}

// Files are the set in the forms that firmware menus, efivarfs and signing tools
// read: NAME.key and NAME.pem, NAME.der, NAME.esl and NAME.auth. Further
// certificates in the database let other images start, too: Microsoft's for the
// option ROMs of graphics and storage adapters.
func (s Set) Files(now time.Time, further ...*x509.Certificate) ([]File, error) {
	owner := Owner(s.PK.Cert)
	var out []File
	for _, k := range []struct {
		v      Variable
		own    Signer
		signer Signer
		list   []byte
	}{
		{PK, s.PK, s.PK, List(owner, s.PK.Cert)},
		{KEK, s.KEK, s.PK, List(owner, s.KEK.Cert)},
		{DB, s.DB, s.KEK, List(owner, append([]*x509.Certificate{s.DB.Cert}, further...)...)},
	} {
		auth, err := k.signer.SignVariable(k.v, k.list, now)
		if err != nil {
			return nil, err
		}
		key, err := x509.MarshalPKCS8PrivateKey(k.own.Key)
		if err != nil {
			return nil, fmt.Errorf("marshal key: %w", err)
		}
		n := k.v.Name
		out = append(out, File{n + ".key", true, block("PRIVATE KEY", key)},
			File{n + ".pem", false, block("CERTIFICATE", k.own.Cert.Raw)}, File{n + ".der", false, k.own.Cert.Raw},
			File{n + ".esl", false, k.list}, File{n + ".auth", false, auth})
	}
	return out, nil
}

func block(typ string, b []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: b})
}

// Write puts the files into a folder that must be new or hold none of them: keys
// are never replaced.
func Write(dir string, files []File) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make key folder: %w", err)
	}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.Name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already: keys are not replaced", filepath.Join(dir, f.Name))
		}
	}
	for _, f := range files {
		mode := os.FileMode(0o644)
		if f.Secret {
			mode = 0o600
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, mode); err != nil {
			return fmt.Errorf("write key: %w", err)
		}
	}
	return nil
}
