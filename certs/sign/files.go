package sign

import (
	"errors"
	"fmt"
	"os"
)

// ReadSigner loads a signer from two PEM files. A key file that others may read is refused.
func ReadSigner(keyFile, chainFile string) (Signer, error) {
	key, err := readKeyFile(keyFile)
	if err != nil {
		return nil, err
	}
	chain, err := os.ReadFile(chainFile)
	if err != nil {
		return nil, fmt.Errorf("read chain: %w", err)
	}
	return LoadSigner(key, chain)
}

// WriteSigner writes a signer's key (mode 0600) and chain to new files.
func WriteSigner(keyFile, chainFile string, s Signer) error {
	key, chain, err := EncodeSigner(s)
	if err != nil {
		return err
	}
	return writePair(keyFile, key, chainFile, chain)
}

// ReadAuthority loads an authority from two PEM files.
func ReadAuthority(keyFile, certFile string) (*Authority, error) {
	key, err := readKeyFile(keyFile)
	if err != nil {
		return nil, err
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	return LoadAuthority(key, cert)
}

// Write writes the authority's key (mode 0600) and certificate to new files.
func (a *Authority) Write(keyFile, certFile string) error {
	key, err := encodeKey(a.key)
	if err != nil {
		return fmt.Errorf("write authority: %w", err)
	}
	return writePair(keyFile, key, certFile, EncodeCertificates(a.cert))
}

func readKeyFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	defer func() { _ = f.Close() }() // read only: nothing to lose
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read key: %s is open to others (mode %04o): chmod 600 it", name, st.Mode().Perm())
	}
	b := make([]byte, st.Size())
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return b, nil
}

// writePair writes a key and its certificates. Existing files are never replaced:
// a lost key cannot be made again.
func writePair(keyFile string, key []byte, certFile string, certs []byte) error {
	if err := writeNew(keyFile, key, 0o600); err != nil {
		return err
	}
	if err := writeNew(certFile, certs, 0o644); err != nil {
		return errors.Join(err, os.Remove(keyFile)) // half a pair is of no use
	}
	return nil
}

func writeNew(name string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
