package efi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotSetup is returned where the firmware has a platform key: its owner alone
// may change the others.
var ErrNotSetup = errors.New("the firmware is not in setup mode: clear its platform key in its own menu")

// Keys are the signed variables of lethe-image keys (NAME.auth).
type Keys struct{ DB, KEK, PK []byte }

// ReadKeys reads db.auth, KEK.auth and PK.auth from a folder.
func ReadKeys(dir string) (Keys, error) {
	var k Keys
	for _, f := range []struct {
		name string
		to   *[]byte
	}{{"db.auth", &k.DB}, {"KEK.auth", &k.KEK}, {"PK.auth", &k.PK}} {
		b, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return Keys{}, fmt.Errorf("read keys: %w", err)
		}
		if err := checkAuth(b); err != nil {
			return Keys{}, fmt.Errorf("%s: %w", f.name, err)
		}
		*f.to = b
	}
	return k, nil
}

// Of EFI_VARIABLE_AUTHENTICATION_2: time, certificate header, type and revision.
const (
	timeSize     = 16
	certRevision = 0x0200
	certTypeGUID = 0x0ef1
	maxAuth      = 1 << 20
)

var pkcs7GUID = []byte{0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7}

// checkAuth tells a signed variable from another file, before the firmware is
// bothered; the signature is for the firmware to check.
func checkAuth(b []byte) error {
	if len(b) < timeSize+24 || len(b) > maxAuth {
		return fmt.Errorf("%d bytes are no signed variable", len(b))
	}
	head := b[timeSize:]
	size := int64(binary.LittleEndian.Uint32(head))
	if size < 24 || size >= int64(len(head)) || binary.LittleEndian.Uint16(head[4:]) != certRevision ||
		binary.LittleEndian.Uint16(head[6:]) != certTypeGUID || !bytes.Equal(head[8:24], pkcs7GUID) {
		return errors.New("not a signed variable (NAME.auth of lethe-image keys)")
	}
	return nil
}

// attributes: non-volatile, at boot and run time, authenticated by time.
const attributes = 0x27

// Enrol writes the keys, the platform key last: with it the firmware leaves setup
// mode, and from the next start on refuses what the owner did not sign. It does
// nothing outside of setup mode.
func Enrol(dir string, k Keys) error {
	s, err := Read(dir)
	switch {
	case err != nil:
		return err
	case !s.EFI:
		return ErrNoEFI
	case !s.SetupMode:
		return ErrNotSetup
	}
	for _, v := range []struct {
		name string
		data []byte
	}{{"db" + imageSecurity, k.DB}, {"KEK" + globalVariable, k.KEK}, {"PK" + globalVariable, k.PK}} {
		if err := write(filepath.Join(dir, v.name), v.data); err != nil {
			return fmt.Errorf("write EFI variable %.3s: %w", v.name, err)
		}
	}
	if s, err = Read(dir); err != nil {
		return err
	}
	if s.SetupMode {
		return errors.New("the firmware took the keys, but stays in setup mode")
	}
	return nil
}

// write hands a variable to the firmware in one piece, as efivarfs wants it.
func write(name string, data []byte) error {
	if err := mutable(name); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(binary.LittleEndian.AppendUint32(nil, attributes), data...))
	return errors.Join(err, f.Close())
}
