// Package checktest makes real signed papers for tests: keys, an order, the
// transcript of a whole erase, and the PDF, all by the code that the product runs.
// Nothing in it is random but the keys.
package checktest

import (
	"testing"
	"time"

	"lethe/certs/issue"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/wipe/profile"
)

// Began is when the erase of every paper here began, by its own clock.
var Began = time.Date(2026, 11, 24, 9, 0, 0, 123456789, time.UTC)

// Desk has everything that papers need.
type Desk struct {
	Root     *sign.Authority
	Machine  sign.Signer // signs records
	Approver sign.Signer // signs orders
	Order    record.Order
	Envelope []byte // Order, signed
	Profile  profile.Profile
}

// NewDesk makes keys and an order for the drives with these serial numbers.
func NewDesk(t testing.TB, serials ...string) *Desk {
	t.Helper()
	d := &Desk{Order: Order(serials...)}
	var err error
	if d.Root, err = sign.NewAuthority("Test Root", sign.Lasting(Began, 365*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if d.Machine, err = d.Root.Leaf(sign.RoleRecord, "Lethe on SRV-0001", sign.Lasting(Began, 12*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if d.Approver, err = d.Root.Leaf(sign.RoleOrder, "K. Approver", sign.Lasting(Began, 12*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if d.Envelope, err = order.Sign(d.Order, d.Approver); err != nil {
		t.Fatal(err)
	}
	if d.Profile, err = profile.ByID(d.Order.Profile); err != nil {
		t.Fatal(err)
	}
	return d
}

// Ref is what a task says of the desk's order.
func (d *Desk) Ref(t testing.TB) *record.OrderRef {
	t.Helper()
	_, ref, err := order.Open(d.Envelope, d.Root.Pool(), Began)
	if err != nil {
		t.Fatal(err)
	}
	return &ref
}

// Paper issues the paper of a transcript under the desk's order.
func (d *Desk) Paper(t testing.TB, run *record.Transcript, c record.Context) issue.Paper {
	t.Helper()
	var env []byte
	if run.Lines[0].Event.Task.Order != nil {
		env = d.Envelope
	}
	p, err := issue.Issuer{Signer: d.Machine}.Certificate(run, c, d.Profile, env)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Summary issues the summary of papers.
func (d *Desk) Summary(t testing.TB, id string, c record.Context, papers ...issue.Paper) issue.Paper {
	t.Helper()
	s := issue.Summarize(id, c, d.Ref(t), len(d.Order.Drives), papers, nil, nil)
	p, err := issue.Issuer{Signer: d.Machine}.Summary(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Order is a valid order, unsigned, for one machine and these drives.
func Order(serials ...string) record.Order {
	o := record.Order{
		Format: record.OrderFormat, ID: "ORD-2026-0042", Issued: record.At(Began.Add(-time.Hour)),
		Reason: record.ReasonTermination, Labels: Labels(),
		Machine: record.MachineTarget{Serial: "SRV-0001"}, Count: int64(len(serials)),
		Least: record.MethodClear, Profile: profile.Default,
		Window: record.Window{NotBefore: record.At(Began.Add(-time.Hour)), NotAfter: record.At(Began.Add(time.Hour))},
	}
	for _, s := range serials {
		o.Drives = append(o.Drives, record.DriveTarget{Serial: s})
	}
	return o
}

// Labels are the names of the job.
func Labels() record.Labels {
	return record.Labels{
		Contract: "C-1001", Customer: "Example K.K.", ServiceCode: "SVC-7", AssetTag: "A-0001", Site: "Tokyo 1",
		Operator: record.Person{Name: "O. Perator", Title: "technician", Organization: "Example Hosting"},
	}
}

// Context is what the issuer knows: a physical machine unless said otherwise.
func Context(virtual bool) record.Context {
	c := record.Context{
		Issued: record.At(Began.Add(10 * time.Minute)), Labels: Labels(),
		Machine: record.Machine{Manufacturer: "Example", Product: "Server 1", Serial: "SRV-0001",
			UUID: "4c4c4544-0000-2010-8020-80c04f202020", Firmware: "Example 1.2.3 2025-01-01"},
		Tool: record.Tool{Name: "lethe", Version: "0.1.0", Binary: record.Digest([]byte("binary")),
			Image: "vm", ImageDigest: record.Digest([]byte("image")), Kernel: "6.1.0-40-amd64"},
		Clock: record.Clock{Source: "rtc", Quality: "unauthenticated"},
	}
	if virtual {
		c.Machine.Virtual, c.Machine.VirtualWhy = true, []string{"SMBIOS: QEMU"}
	}
	return c
}
