package boottest

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// Variable is a UEFI variable. Vendor is in the order of bytes of EFI_GUID.
type Variable struct {
	Name   string
	Vendor [16]byte
	Data   []byte
	// Signed marks variables that only a signed write may change: PK, KEK, db.
	Signed bool
}

// globalVendor is EFI_GLOBAL_VARIABLE (UEFI 2.10 §3.3).
var globalVendor = [16]byte{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}

// The layout of EDK II's store of authenticated variables: MdeModulePkg's
// VariableFormat.h behind the header of a firmware volume (PI 1.7, vol. 3 §3.2.1).
const (
	volumeLenAt   = 48 // u16: length of the volume's header
	storeSizeAt   = 16 // u32, in the store's header
	storeHeader   = 28
	variableStart = 0x55aa
	variableAdded = 0x3f
	variableHead  = 60
	nameLenAt     = 36
	dataLenAt     = 40
	vendorAt      = 44
	timeAt        = 16
	plain         = 0x07 // non-volatile, boot services, runtime (UEFI 2.10 §8.2)
	signedWrites  = 0x20 // time based authenticated write access
)

// AddVariables returns the file of UEFI variables, in the form of OVMF's, with
// further ones in it. It does not look whether one is there already.
func AddVariables(file []byte, vars ...Variable) ([]byte, error) {
	b := append([]byte(nil), file...)
	at, end, err := freeSpace(b)
	if err != nil {
		return nil, err
	}
	for _, v := range vars {
		e := v.encode()
		if at+len(e) > end {
			return nil, fmt.Errorf("UEFI variable %s: no room", v.Name)
		}
		at += align4(copy(b[at:], e))
	}
	return b, nil
}

// freeSpace walks over the variables that are there.
func freeSpace(b []byte) (at, end int, err error) {
	bad := func(what string) (int, int, error) {
		return 0, 0, fmt.Errorf("file of UEFI variables: %s", what)
	}
	if len(b) < volumeLenAt+2 {
		return bad("too short")
	}
	store := int(binary.LittleEndian.Uint16(b[volumeLenAt:]))
	if store < volumeLenAt || store+storeHeader > len(b) {
		return bad("no store")
	}
	size := int64(binary.LittleEndian.Uint32(b[store+storeSizeAt:]))
	if size < storeHeader || int64(store)+size > int64(len(b)) {
		return bad("store of a wrong size")
	}
	at, end = store+storeHeader, store+int(size)
	for at+variableHead <= end && binary.LittleEndian.Uint16(b[at:]) == variableStart {
		name := int64(binary.LittleEndian.Uint32(b[at+nameLenAt:]))
		data := int64(binary.LittleEndian.Uint32(b[at+dataLenAt:]))
		if int64(at)+variableHead+name+data > int64(end) {
			return bad("variable beyond the end")
		}
		at += align4(variableHead + int(name+data))
	}
	return at, end, nil
}

func align4(n int) int { return (n + 3) &^ 3 }

func (v Variable) encode() []byte {
	name := utf16z(v.Name)
	b := make([]byte, variableHead, variableHead+len(name)+len(v.Data))
	binary.LittleEndian.PutUint16(b, variableStart)
	b[2] = variableAdded
	attributes := uint32(plain)
	if v.Signed {
		attributes |= signedWrites
		// Of 2020-01-01: later writes must be younger.
		copy(b[timeAt:], []byte{0xe4, 0x07, 1, 1})
	}
	binary.LittleEndian.PutUint32(b[4:], attributes)
	binary.LittleEndian.PutUint32(b[nameLenAt:], uint32(len(name)))
	binary.LittleEndian.PutUint32(b[dataLenAt:], uint32(len(v.Data)))
	copy(b[vendorAt:], v.Vendor[:])
	return append(append(b, name...), v.Data...)
}

// utf16z is a string as UEFI has it: UCS-2, little endian, with a zero at the end.
func utf16z(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// bootURI are the variables by which firmware boots from a URI before anything
// else: a load option (UEFI 2.10 §3.1.3) whose path is the URI alone (§10.3.4.23).
func bootURI(uri string) []Variable {
	path := binary.LittleEndian.AppendUint16([]byte{3, 24}, uint16(4+len(uri)))
	path = append(append(path, uri...), 0x7f, 0xff, 4, 0)
	option := binary.LittleEndian.AppendUint16([]byte{1, 0, 0, 0}, uint16(len(path)))
	option = append(append(option, utf16z("URI")...), path...)
	return []Variable{{Name: "Boot0000", Vendor: globalVendor, Data: option},
		{Name: "BootOrder", Vendor: globalVendor, Data: []byte{0, 0}}}
}
