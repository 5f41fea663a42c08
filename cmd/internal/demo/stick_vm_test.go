package demo_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/marker"
	"lethe/certs/order"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/demo"
	"lethe/cmd/internal/demo/scratch"
	"lethe/image/boottest"
	"lethe/image/initramfs"
	"lethe/image/site"
	"lethe/wipe/profile"
)

const stickSerial = "STICK-0001"

// stickFiles lie on every stick before, and must after.
var stickFiles = map[string]string{
	"holiday photo.jpg": strings.Repeat("not really a photo. ", 3000),
	"notes.txt":         "keep me\n",
}

// stickStage is a machine with a delivery stick and no depot.
type stickStage struct {
	t        *testing.T
	dir      string
	root     *sign.Authority
	approver sign.Signer
	img      string // the stick's image
	at       string // and its file system, for mtools
	agent    sign.Signer
	plugs    []demo.Plug // of the targets
	targets  []*scratch.Drive
	logs     string // folder for what is written to stick and targets; "" keeps none
	live     bool   // the machine may draw bars
}

// twoTargets are what most tests of a stick erase.
var twoTargets = []demo.Plug{
	{Bus: boottest.SATA, Serial: "TARGET-0", Model: "LETHE TARGET", Size: 24 << 20, FS: "ext4"},
	{Bus: boottest.Virtio, Serial: "TARGET-1", Size: 16<<20 + 512, FS: "ext4"},
}

func newStickStage(t *testing.T, plugs ...demo.Plug) *stickStage {
	t.Helper()
	s := &stickStage{t: t, dir: t.TempDir(), plugs: plugs}
	var err error
	if s.root, err = sign.NewAuthority("Stick test root", sign.Lasting(time.Now(), time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.approver, s.agent = s.leaf(sign.RoleOrder, "Stick test approver"), s.leaf(sign.RoleRecord, "Stick test agent")
	for i, p := range plugs {
		d, err := scratch.Make(t.Context(), s.dir, scratch.Spec{Name: fmt.Sprintf("target%d", i), Size: p.Size, FS: p.FS})
		if err != nil {
			t.Fatal(err)
		}
		s.targets = append(s.targets, d)
	}
	return s
}

func (s *stickStage) leaf(r sign.Role, name string) sign.Signer {
	s.t.Helper()
	l, err := s.root.Leaf(r, name, sign.Lasting(time.Now(), time.Hour))
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

func (s *stickStage) run(name string, args ...string) string {
	s.t.Helper()
	out, err := exec.CommandContext(s.t.Context(), name, args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// makeStick makes a FAT of size bytes, in a partition where start is not 0.
func (s *stickStage) makeStick(size, start int64) {
	s.t.Helper()
	s.img = filepath.Join(s.dir, "stick.img")
	s.at = fmt.Sprintf("%s@@%d", s.img, start)
	if err := os.WriteFile(s.img, nil, 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Truncate(s.img, size); err != nil {
		s.t.Fatal(err)
	}
	if start == 0 {
		s.run("mkfs.vfat", "-n", "DELIVERY", s.img)
	} else {
		s.partitionTable(size, start)
		s.run("mkfs.vfat", "-n", "DELIVERY", "--offset", fmt.Sprint(start/512), s.img, fmt.Sprint((size-start)/1024))
	}
	for name, text := range stickFiles {
		s.put("::"+name, []byte(text))
	}
}

// partitionTable writes an MBR with one FAT32 partition from start to the end.
func (s *stickStage) partitionTable(size, start int64) {
	s.t.Helper()
	mbr := make([]byte, 512)
	mbr[446+4] = 0x0c
	binary.LittleEndian.PutUint32(mbr[446+8:], uint32(start/512))
	binary.LittleEndian.PutUint32(mbr[446+12:], uint32((size-start)/512))
	mbr[510], mbr[511] = 0x55, 0xaa
	f, err := os.OpenFile(s.img, os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err = f.Write(mbr); err == nil {
		err = f.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stickStage) put(to string, b []byte) {
	s.t.Helper()
	from := filepath.Join(s.dir, "put")
	if err := os.WriteFile(from, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.run("mcopy", "-i", s.at, from, to)
}

// sign puts marker and order on the stick. The order names the stick, too.
func (s *stickStage) sign() {
	s.t.Helper()
	now := time.Now()
	window := record.Window{NotBefore: record.At(now.Add(-time.Hour)), NotAfter: record.At(now.Add(time.Hour))}
	m, err := marker.Sign(marker.Marker{Format: marker.Format, Purpose: marker.PurposeDelivery,
		Drive: record.DriveTarget{Serial: stickSerial}, Issued: record.At(now), Window: window}, s.approver)
	if err != nil {
		s.t.Fatal(err)
	}
	drives := []record.DriveTarget{{Serial: stickSerial}}
	for _, p := range s.plugs {
		drives = append(drives, record.DriveTarget{Serial: p.Serial})
	}
	o, err := order.Sign(record.Order{
		Format: record.OrderFormat, ID: "ORD-STICK-1", Issued: record.At(now), Reason: record.ReasonDecommission,
		Machine: record.MachineTarget{Serial: demo.Machine.Serial}, Count: int64(len(drives)), Drives: drives,
		Least: record.MethodClear, Profile: profile.Default, Window: window,
	}, s.approver)
	if err != nil {
		s.t.Fatal(err)
	}
	s.run("mmd", "-i", s.at, "::LETHE")
	s.put("::"+marker.Path, m)
	s.put("::"+marker.OrderPath, o)
}

// boot starts the machine; the site names the stick, no order and no depot.
func (s *stickStage) boot(ctx context.Context, extra ...string) *boottest.VM {
	s.t.Helper()
	st, err := json.Marshal(site.Site{Version: site.Version, Trust: []string{"/etc/lethe/root.pem"},
		Key: "/etc/lethe/agent-key.pem", Chain: "/etc/lethe/agent.pem", PowerOff: site.AtEndDone,
		Stick: &site.Stick{Serial: stickSerial}})
	if err != nil {
		s.t.Fatal(err)
	}
	key, chain, err := sign.EncodeSigner(s.agent)
	if err != nil {
		s.t.Fatal(err)
	}
	overlay, err := initramfs.Pack(initramfs.Fast,
		initramfs.File{Path: "etc/lethe/root.pem", Mode: 0o644, Data: sign.EncodeCertificates(s.root.Certificate())},
		initramfs.File{Path: "etc/lethe/agent-key.pem", Mode: 0o600, Data: key},
		initramfs.File{Path: "etc/lethe/agent.pem", Mode: 0o644, Data: chain},
		initramfs.File{Path: "etc/lethe/site.json", Mode: 0o644, Data: st})
	if err != nil {
		s.t.Fatal(err)
	}
	words := "lethe.plain"
	if s.live {
		words = ""
	}
	img := image(s.t, "bin/lethe")
	vm, err := boottest.Start(ctx, boottest.Config{
		Kernel: filepath.Join(img, "vmlinuz"), Initrd: filepath.Join(img, "initrd.img"),
		Overlays: [][]byte{overlay}, Append: words, Machine: demo.Machine,
		Drives: s.drives(), Extra: extra,
	}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		vm.Close()
		if s.t.Failed() {
			s.t.Log(vm.Output())
		}
	})
	return vm
}

// drives are the stick, which is drive 0, and the targets.
func (s *stickStage) drives() []boottest.Drive {
	out := []boottest.Drive{{Bus: boottest.USB, Path: s.img, Serial: stickSerial, Removable: true}}
	for i, p := range s.plugs {
		out = append(out, boottest.Drive{Bus: p.Bus, Path: s.targets[i].Path, Serial: p.Serial, Model: p.Model, Rate: p.Rate})
	}
	for i := range out {
		if s.logs != "" {
			out[i].Log = s.logOf(i)
		}
	}
	return out
}

// logOf is where what is written to drive i is logged.
func (s *stickStage) logOf(i int) string { return filepath.Join(s.logs, fmt.Sprintf("drive%d.log", i)) }

// intact fails unless the stick's own files are what they were.
func (s *stickStage) intact() {
	s.t.Helper()
	for name, text := range stickFiles {
		if got := s.run("mtype", "-i", s.at, "::"+name); got != text {
			s.t.Errorf("%s on the stick has %d bytes now, had %d", name, len(got), len(text))
		}
	}
}

// papers copies the stick's folder of papers out.
func (s *stickStage) papers() string {
	s.t.Helper()
	to := filepath.Join(s.dir, "papers")
	if err := os.MkdirAll(to, 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.run("mcopy", "-s", "-n", "-i", s.at, "::LETHE/papers/*", to)
	return to
}

// The stick brings the order, keeps the intent and takes the papers; it is left
// otherwise as it was, though the order names it too.
func TestStickDelivers(t *testing.T) {
	s := newStickStage(t, twoTargets...)
	s.makeStick(48<<20, 1<<20)
	s.sign()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	vm := s.boot(ctx)
	s.expect(ctx, vm,
		`delivery stick `+stickSerial+`: its marker is valid`,
		stickSerial+` .* HELD: delivery-s`,
		`intent is on the stick: receipt ([0-9a-f]{16})`,
		`delivery stick `+stickSerial+` is unmounted: the stick may be removed`)
	s.delivered(ctx, vm)
	if out := s.run("fsck.vfat", "-n", s.partition()); strings.Contains(out, "Dirty bit") {
		t.Errorf("the stick was not unmounted in peace:\n%s", out)
	}
}

// expect waits for one line after the other.
func (s *stickStage) expect(ctx context.Context, vm *boottest.VM, lines ...string) {
	s.t.Helper()
	for _, l := range lines {
		if _, err := vm.Expect(ctx, l); err != nil {
			s.t.Fatal(err)
		}
	}
}

// delivered wants the machine off, the targets gone, and on the stick all papers
// and what was there before.
func (s *stickStage) delivered(ctx context.Context, vm *boottest.VM) {
	s.t.Helper()
	if err := vm.Wait(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.intact()
	for _, d := range s.targets {
		if r, err := d.Compare(); err != nil || !r.Gone() {
			s.t.Errorf("%s: %v, %v", d.Name, r, err)
		}
	}
	s.checkPapers(s.papers())
}

// partition copies the file system out of the image.
func (s *stickStage) partition() string {
	s.t.Helper()
	b, err := os.ReadFile(s.img)
	if err != nil {
		s.t.Fatal(err)
	}
	name := filepath.Join(s.dir, "partition.img")
	if err := os.WriteFile(name, b[1<<20:], 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// checkPapers wants a certificate a target, a summary, and the intent with the
// receipt that each certificate names.
func (s *stickStage) checkPapers(dir string) {
	s.t.Helper()
	receipts, _ := filepath.Glob(filepath.Join(dir, "intent-*.receipt.json"))
	if len(receipts) != 1 {
		s.t.Fatalf("%d intent receipts on the stick, want 1", len(receipts))
	}
	receipt, err := os.ReadFile(receipts[0])
	if err != nil {
		s.t.Fatal(err)
	}
	intent, err := os.ReadFile(strings.Replace(receipts[0], ".receipt", "", 1))
	if err != nil || !bytes.Contains(receipt, []byte(record.Digest(intent))) {
		s.t.Errorf("the receipt %s is not for the intent beside it (%v)", receipt, err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.pdf"))
	kinds := map[string]int{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		r := check.Check(b, check.Options{Roots: s.root.Pool()})
		if !r.OK() {
			s.t.Errorf("%s: %+v", filepath.Base(f), r.Lines)
		}
		kinds[r.Kind]++
		if r.Kind == record.KindCertificate {
			s.checkAudit(b, record.Digest(receipt))
		}
	}
	if kinds[record.KindCertificate] != 2 || kinds[check.KindSummary] != 1 || len(files) != 3 {
		s.t.Errorf("papers on the stick: %v, want 2 certificates and a summary", kinds)
	}
}

// checkAudit wants the record to say that the stick had kept the intent.
func (s *stickStage) checkAudit(paper []byte, receipt record.Hex) {
	s.t.Helper()
	r := recordOf(s.t, paper)
	want := record.Audit{Kind: record.AuditStick, Name: stickSerial, Receipt: receipt}
	if r.Audit != want {
		s.t.Errorf("audit %+v, want %+v", r.Audit, want)
	}
}

// recordOf reads the record a certificate carries, unverified: check has been.
func recordOf(t *testing.T, paper []byte) record.Record {
	t.Helper()
	doc, err := pdf.Read(paper)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := sign.UnverifiedPayload(doc.Attachments[pdf.AttachRecord], sign.PayloadRecord)
	if err != nil {
		t.Fatal(err)
	}
	var r record.Record
	if err := record.Unmarshal(payload, &r); err != nil {
		t.Fatal(err)
	}
	return r
}
