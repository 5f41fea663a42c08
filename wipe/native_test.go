package wipe_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// sanitizer is a drive with the Sanitize command of NVMe, which keeps a part of its data
// when it is told to.
type sanitizer struct {
	*wipetest.Drive
	ignores  bool    // accepts the command and goes on showing its last success
	survives float64 // part of the sectors that is left
	loses    bool    // what was written since it began
	refuses  bool
	fails    bool

	mu    sync.Mutex
	sstat uint16
	cdw10 uint32
	asked []string // steps, in order
}

// WriteAt clears Global Data Erased, as a write does.
func (d *sanitizer) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	d.sstat &^= 1 << 8
	d.mu.Unlock()
	return d.Drive.WriteAt(p, off)
}

func (d *sanitizer) Eraser(act record.Act) (wipe.Eraser, error) {
	action := map[record.Act]uint32{record.NVMeSanitizeBlock: 2, record.NVMeSanitizeCrypto: 4}[act]
	if action == 0 {
		return nil, errors.New("the drive has no such command")
	}
	return &sanitizing{d, action}, nil
}

type sanitizing struct {
	drive  *sanitizer
	action uint32
}

func (e *sanitizing) page(step string, tell wipe.Tell) error {
	d := e.drive
	d.mu.Lock()
	b := make([]byte, 512)
	binary.LittleEndian.PutUint16(b[2:], d.sstat)
	binary.LittleEndian.PutUint32(b[4:], d.cdw10)
	d.asked = append(d.asked, step)
	d.mu.Unlock()
	return tell(step, record.Exchange{Name: "GET LOG PAGE 81h", Status: "ok", Response: base64.StdEncoding.EncodeToString(b),
		Request: "02 nsid ffffffff cdw10-15 007f0081 00000000 00000000 00000000 00000000 00000000"})
}

func (e *sanitizing) Observe(_ context.Context, step string, tell wipe.Tell) error {
	return e.page(step, tell)
}

func (e *sanitizing) Erase(_ context.Context, tell wipe.Tell, how func(wipe.Course)) error {
	d := e.drive
	x := record.Exchange{Name: "SANITIZE", Status: "ok",
		Request: fmt.Sprintf("84 nsid 00000000 cdw10-15 %08x 00000000 00000000 00000000 00000000 00000000", e.action)}
	if d.refuses {
		x.Status = "SANITIZE: NVMe status 0/01h (invalid opcode)"
	}
	if err := tell(record.StepStart, x); err != nil || d.refuses {
		return errors.Join(err, errors.New("refused"))
	}
	if d.ignores {
		return nil
	}
	d.set(2, e.action)
	how(wipe.Course{Done: 100})
	if err := e.page(record.StepPoll, tell); err != nil {
		return err
	}
	if d.fails {
		d.set(3, e.action)
		return nil
	}
	r := rand.New(rand.NewPCG(1, uint64(e.action)))
	m := d.Medium()
	if d.loses {
		copy(m, d.Old())
	}
	for i := 0; i < len(m); i += 512 {
		if r.Float64() >= d.survives {
			clear(m[i : i+512])
		}
	}
	d.set(0x101, e.action)
	return nil
}

func (d *sanitizer) set(sstat uint16, cdw10 uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sstat, d.cdw10 = sstat, cdw10
}

// nativeBench is a bench with a flash drive that has two kinds of Sanitize.
func nativeBench(t testing.TB, change func(*sanitizer)) (*bench, *sanitizer) {
	t.Helper()
	t.Cleanup(wipe.CarryOut(record.NVMeSanitizeBlock, record.NVMeSanitizeCrypto))
	b := newBench(t)
	dev := wipetest.Device(1, 20000*512, 512)
	dev.Medium = record.MediumFlash
	dev.Capabilities = []record.Capability{
		{Technique: record.CryptoErase, Act: record.NVMeSanitizeCrypto, Command: "crypto", Source: "test"},
		{Technique: record.BlockErase, Act: record.NVMeSanitizeBlock, Command: "block", Source: "test"}}
	d := &sanitizer{Drive: wipetest.NewDrive(dev, 1), sstat: 1, cdw10: 2}
	if change != nil {
		change(d)
	}
	b.drive = d.Drive
	open := b.drive.Opener()
	b.engine.Spawn = wipetest.InProcess{Open: func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
		if _, err := open(ctx, s); err != nil {
			return nil, err
		}
		return d, nil
	}}
	p := wipetest.Clear(t)
	p.Least = record.MethodPurge
	b.plan = wipetest.Plan(t, p, wipe.Candidate{Device: dev, Node: "/dev/sim"})
	return b, d
}

// The strongest technique is used, keys before blocks; it ends purged, and nothing of
// what was there is left.
//
// mutant: ladder.go: if c.Technique == record.BlockErase && d.Medium == record.MediumFlash { => if false {
func TestNativePurges(t *testing.T) {
	b, d := nativeBench(t, nil)
	f := b.erase(t)
	if f.Verdict.State != record.Purged || !f.Verdict.Reached || f.Verdict.Technique != record.BlockErase {
		t.Fatalf("%+v", f.Verdict)
	}
	if kept := wipetest.Kept(d.Medium(), d.Old(), 512); len(kept) > 0 {
		t.Errorf("%d sectors are as they were", len(kept))
	}
	if got, want := strings.Join(d.asked, " "), "before ready poll after before ready poll after"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// Whatever a drive's own command leaves undone, nothing ends certified.
func TestNativeLies(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*sanitizer)
		want   record.State
	}{
		// mutant: native.go: return c.look(ctx) => return nil
		{"ignores it", func(d *sanitizer) { d.ignores = true }, record.Failed},
		// mutant: canaries.go: l.Present++ => _ = l
		{"erases nothing", func(d *sanitizer) { d.survives = 1 }, record.Failed},
		{"a tenth survives", func(d *sanitizer) { d.survives = 0.1 }, record.Failed},
		{"a hundredth survives", func(d *sanitizer) { d.survives = 0.01 }, record.Failed},
		{"refuses", func(d *sanitizer) { d.refuses = true }, record.Failed},
		{"fails", func(d *sanitizer) { d.fails = true }, record.Failed},
		// mutant: canaries.go: if p.Present < p.Places-p.Places/100 { => if false {
		{"keeps no canary", func(d *sanitizer) {
			d.Faults.Read = func(off int64, n int) (int, error) { return n, nil }
			d.Faults.Write = func(off int64, n int) (int, error) { return n, errors.New("no") }
		}, record.Incomplete},
		// mutant: canaries.go: case known && sha256.Sum256(c.buf) == was: => case known && sha256.Sum256(c.buf) == was && false:
		{"loses the canaries and erases nothing", func(d *sanitizer) { d.survives, d.loses = 1, true }, record.Failed},
		{"cannot be flushed", func(d *sanitizer) { d.Faults.Flush = errors.New("no") }, record.Incomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := nativeBench(t, c.change)
			f := b.erase(t)
			if f.Verdict.State != c.want || f.Verdict.Reached {
				t.Errorf("%s %q; want %s", f.Verdict.State, f.Verdict.Reasons, c.want)
			}
			for _, l := range f.Transcript.Lines {
				if x := l.Event.Looked; x != nil && c.name == "erases nothing" && x.Present != x.Places {
					t.Errorf("%d of %d canaries were seen", x.Present, x.Places)
				}
			}
		})
	}
}

// The drive is looked at directly before the command: another one in its place is not
// erased.
//
// mutant: native.go: if err := w.same(ctx); err != nil { => if err := error(nil); err != nil {
func TestNativeIdentifiesBeforeTheCommand(t *testing.T) {
	b, d := nativeBench(t, func(d *sanitizer) {
		d.Faults.State = func(n int, o *record.Opened) error {
			if n > 0 {
				o.Identity.Serial = "another"
			}
			return nil
		}
	})
	f := b.erase(t)
	if f.Verdict.State != record.Incomplete || !strings.Contains(strings.Join(f.Verdict.Reasons, " "), "command was not given") {
		t.Errorf("%+v", f.Verdict)
	}
	if d.cdw10 != 2 || d.sstat&^(1<<8) != 1 {
		t.Error("the command was given")
	}
}

// A drive that knows no commands of its own ends as one on which nothing was done.
func TestNativeWithoutCommands(t *testing.T) {
	b, d := nativeBench(t, nil)
	b.engine.Spawn = wipetest.InProcess{Open: d.Opener()}
	if f := b.erase(t); f.Verdict.State != record.Incomplete || !strings.Contains(strings.Join(f.Verdict.Reasons, " "), "commands of its own") {
		t.Errorf("%+v", f.Verdict)
	}
	if !d.Untouched() {
		t.Error("it was written to")
	}
}

// What the ladder says where a command is not to be given.
func TestNativeLadder(t *testing.T) {
	defer wipe.CarryOut(record.NVMeSanitizeBlock, record.NVMeSanitizeCrypto, record.ATASecurityEnhanced, record.NVMeFormatCrypto, record.NVMeFormatUser)()
	block := record.Capability{Technique: record.BlockErase, Act: record.NVMeSanitizeBlock, Command: "block", Source: "s"}
	crypto := record.Capability{Technique: record.CryptoErase, Act: record.NVMeSanitizeCrypto, Command: "crypto", Source: "s"}
	frozen := block
	frozen.Blocked = "it is frozen"
	word := &record.CryptoDeclaration{By: "A", AlwaysOn: "yes", Escrow: "no"}
	for _, c := range []struct {
		name   string
		can    []record.Capability
		device func(*record.Device)
		policy func(*wipe.Policy)
		acts   string
		reason string // of the first rung that was not chosen, or of the refusal
	}{
		{"both", []record.Capability{crypto, block}, nil, nil, "nvme-sanitize-crypto nvme-sanitize-block", "a person's word"},
		// mutant: ladder.go: case c.Blocked != "": => case false:
		{"frozen", []record.Capability{frozen}, nil, nil, "", "it is frozen"},
		// mutant: ladder.go: case native && shared(d, c.Act) != "": => case false:
		{"siblings", []record.Capability{block}, func(d *record.Device) { d.Siblings = []string{"nvme0n2"} }, nil, "", "nvme0n2"},
		// mutant: ladder.go: case c.Act.Crypto() && !p.Crypto.Holds(): => case false:
		{"crypto alone", []record.Capability{crypto}, nil, nil, "", "a person's word"},
		{"format by keys alone", []record.Capability{
			{Technique: record.FormatNVM, Act: record.NVMeFormatCrypto, Command: "format", Source: "s"},
			{Technique: record.FormatNVM, Act: record.NVMeFormatUser, Command: "format", Source: "s"}},
			nil, func(p *wipe.Policy) { p.Technique = record.FormatNVM }, "nvme-format-user", ""},
		{"crypto with a word", []record.Capability{crypto}, nil, func(p *wipe.Policy) { p.Crypto = word }, "nvme-sanitize-crypto", ""},
		// mutant: ladder.go: case p.Technique != "" && p.Technique != c.Technique: => case false:
		{"overwrite asked", []record.Capability{block}, nil, func(p *wipe.Policy) { p.Technique = record.Overwrite }, "", "Overwrite is asked"},
		{"on disks", []record.Capability{crypto, block}, func(d *record.Device) { d.Medium = record.MediumMagnetic }, nil, "", ""},
		{"on a virtual drive", []record.Capability{block}, func(d *record.Device) { d.Medium = record.MediumVirtual }, nil, "", "no method"},
	} {
		r := request(t, wipe.GrantConfirmed("A"), found("A", func(f *wipe.Candidate) {
			f.Device.Medium, f.Device.Capabilities = record.MediumFlash, c.can
			if c.device != nil {
				c.device(&f.Device)
			}
		}))
		if c.policy != nil {
			c.policy(&r.Policy)
		}
		p := mustPlan(t, r)
		all, acts := reasons(p), []string{}
		for _, task := range p.Tasks() {
			for _, rung := range task.Ladder {
				all += " " + rung.Reason
			}
			for _, a := range task.Acts {
				acts = append(acts, string(a))
			}
			if native := len(task.Acts) > 0; native != (task.Canaries > 0) || native == (len(task.Passes) > 0) {
				t.Errorf("%s: %d canaries, %d passes", c.name, task.Canaries, len(task.Passes))
			}
		}
		if got := strings.Join(acts, " "); got != c.acts || !strings.Contains(all, c.reason) {
			t.Errorf("%s: %q %q; want %q, %q", c.name, got, all, c.acts, c.reason)
		}
	}
}
