package erasenvme

import (
	"context"
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/inventory/nvme"
)

// Kind is one way to erase.
type Kind byte

// The ways, by what they send.
const (
	SanitizeCrypto Kind = iota + 1
	SanitizeBlock
	SanitizeOverwrite
	FormatCrypto // Format NVM, SES 2
	FormatUser   // Format NVM, SES 1
)

// String is the spelling of the act in a record.
func (k Kind) String() string {
	switch k {
	case SanitizeCrypto:
		return "nvme-sanitize-crypto"
	case SanitizeBlock:
		return "nvme-sanitize-block"
	case SanitizeOverwrite:
		return "nvme-sanitize-overwrite"
	case FormatCrypto:
		return "nvme-format-crypto"
	case FormatUser:
		return "nvme-format-user"
	}
	return fmt.Sprintf("nvme-%d", byte(k))
}

// Technique is what it counts as.
func (k Kind) Technique() record.Technique {
	switch k {
	case SanitizeCrypto:
		return record.CryptoErase
	case SanitizeBlock:
		return record.BlockErase
	case SanitizeOverwrite:
		return record.SanitizeOverwrite
	}
	return record.FormatNVM
}

func (k Kind) format() bool { return k == FormatCrypto || k == FormatUser }

func (k Kind) action() nvme.SanitizeAction {
	return map[Kind]nvme.SanitizeAction{SanitizeCrypto: nvme.CryptoErase, SanitizeBlock: nvme.BlockErase,
		SanitizeOverwrite: nvme.SanitizeOverwrite}[k]
}

func (k Kind) secure() nvme.SecureErase {
	if k == FormatCrypto {
		return nvme.EraseCrypt
	}
	return nvme.EraseUser
}

// Facts are what a controller says of its subsystem.
type Facts struct {
	Controller nvme.Controller
	Allocated  []uint32 // namespaces of the subsystem, attached or not
	Active     []uint32 // of them attached to this controller
	// Unlisted says that only the active ones are known: the controller has no
	// namespace management and answers no list of the allocated ones.
	Unlisted bool
}

// Read asks for them. Every command and answer is told.
func Read(ctx context.Context, conn nvme.Conn, tell Tell) (Facts, error) {
	t := &teller{conn: conn, tell: tell}
	var f Facts
	var err error
	if f.Controller, err = nvme.ReadController(ctx, t); err != nil {
		return Facts{}, fmt.Errorf("identify controller: %w", err)
	}
	if f.Active, err = nvme.ReadActive(ctx, t); err != nil {
		return Facts{}, fmt.Errorf("list active namespaces: %w", err)
	}
	f.Allocated, err = nvme.ReadAllocated(ctx, t)
	var refused *nvme.StatusError
	switch {
	case errors.As(err, &refused) && !f.Controller.OACS.Management():
		f.Allocated, f.Unlisted = f.Active, true
	case err != nil:
		return Facts{}, fmt.Errorf("list allocated namespaces: %w", err)
	}
	return f, nil
}

// UnsupportedError is a way to erase that the drive does not offer, or not here.
type UnsupportedError struct {
	Kind Kind
	Why  string
}

func (e *UnsupportedError) Error() string { return fmt.Sprintf("%s: %s", e.Kind, e.Why) }

// Supports is nil, or an *UnsupportedError. What a drive says it can do is no proof.
func (k Kind) Supports(f Facts) error {
	c := f.Controller
	no := func(format string, a ...any) error { return &UnsupportedError{k, fmt.Sprintf(format, a...)} }
	sani := fmt.Sprintf("SANICAP is %08Xh", uint32(c.Sanicap))
	switch {
	case k == SanitizeCrypto && !c.Sanicap.Crypto(), k == SanitizeBlock && !c.Sanicap.Block(),
		k == SanitizeOverwrite && !c.Sanicap.Overwrite():
		return no("the drive does not offer it (%s)", sani)
	case k < SanitizeCrypto || k > FormatUser:
		return no("no such way")
	case !k.format():
		return nil
	case !c.OACS.Format():
		return no("the drive has no Format NVM (OACS is %04Xh)", uint16(c.OACS))
	case k == FormatCrypto && !c.FNA.Crypto():
		return no("Format NVM erases no keys (FNA is %02Xh)", byte(c.FNA))
	case len(f.Active) == 0:
		return no("no namespace is attached to this controller")
	}
	if !c.FNA.AllFormatted() && !c.FNA.AllErased() {
		for _, id := range f.Allocated {
			if !has(f.Active, id) {
				return no("namespace %d is not attached to this controller, and a format reaches only one namespace", id)
			}
		}
	}
	return nil
}

func has(ids []uint32, id uint32) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

// Reaches are the namespaces whose data the act takes: all of the subsystem. Each must
// be in the grant, whichever controller shows it.
func (f Facts) Reaches() []uint32 { return append([]uint32(nil), f.Allocated...) }

// Leaves says what the act does not reach, for the paper.
func (f Facts) Leaves(k Kind) (out []string) {
	c := f.Controller
	if k.format() && c.Unused > 0 {
		out = append(out, fmt.Sprintf("%d bytes of the drive are in no namespace; a format does not reach them", c.Unused))
	}
	if f.Unlisted {
		out = append(out, "the drive does not list namespaces that are not attached to this controller")
	}
	if c.RPMB.Units() > 0 {
		out = append(out, fmt.Sprintf("%d bytes of replay protected memory", c.RPMB.Bytes()))
	}
	if c.BPCAP != 0 {
		out = append(out, "boot partitions")
	}
	return out
}
