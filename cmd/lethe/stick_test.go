package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"lethe/certs/bundle"
	"lethe/certs/deliver"
	"lethe/certs/marker"
	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
	"lethe/inventory"
	"lethe/wipe"
	"lethe/wipe/profile"
)

func TestStickTakesPapers(t *testing.T) {
	k, p := newSigners(t), plug(t, "S-1", 8<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	p.put(marker.OrderPath, []byte("an order"))
	before := p.sum()
	ds := []inventory.Device{p.dev}
	s := newStick(t, k)
	if err := s.take(ds); err != nil {
		t.Fatal(err)
	}
	if !held(ds[0]) || s.orderPath() == "" || p.sum() != before {
		t.Errorf("held %v, order at %q, untouched %v; want all", held(ds[0]), s.orderPath(), p.sum() == before)
	}
	intent := []byte(`{"plan":"00"}`)
	receipt, err := s.Acknowledge(t.Context(), intent)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.Acknowledge(t.Context(), intent); err != nil || string(again) != string(receipt) {
		t.Errorf("the same intent again: %s, %v", again, err)
	}
	for range 2 {
		if r, err := s.Deliver(t.Context(), onePaper); err != nil || r.Covers(onePaper) != nil || r.Depot != "stick S-1" {
			t.Errorf("Deliver = %+v, %v", r, err)
		}
	}
	s.finish()
	p.with(func(dir string) {
		for name, want := range map[string]string{
			"notes.txt":                       "keep me",
			marker.Papers + "/" + "LTH-1.pdf": string(onePaper.PDF),
			marker.Papers + "/intent-" + record.Digest(intent) + ".json":         string(intent),
			marker.Papers + "/intent-" + record.Digest(intent) + ".receipt.json": string(receipt),
		} {
			if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != want {
				t.Errorf("%s: %d bytes, %v", name, len(b), err)
			}
		}
	})
}

// What merely wears the stick's label is a drive like any: looked at without a
// byte changed, not used, and not held back from an order that names it.
//
// mutant: cmd/lethe/stickboot.go: err = m.Permits(s.now(), d.Identity) => _ = m
// mutant: cmd/lethe/stickboot.go: if errors.Is(err, errNoStick) { => if false {
func TestStickWearers(t *testing.T) {
	k, soon := newSigners(t), time.Now().Add(time.Hour)
	for name, content := range map[string][]byte{
		"no marker": nil, "another stick's": k.marker(t, "S-2", soon),
		"ended": k.marker(t, "S-1", time.Now().Add(-time.Minute)), "foreign": newSigners(t).marker(t, "S-1", soon),
		"noise": []byte("{}"), "huge": make([]byte, marker.MaxSize),
	} {
		t.Run(name, func(t *testing.T) {
			p := plug(t, "S-1", 8<<20)
			if content != nil {
				p.put(marker.Path, content)
			}
			before, ds, s := p.sum(), []inventory.Device{p.dev}, newStick(t, k)
			if err := s.take(ds); !errors.Is(err, errNoStick) {
				t.Errorf("take = %v, want errNoStick", err)
			}
			if held(ds[0]) || s.present() || p.sum() != before {
				t.Errorf("held %v, mounted %v, untouched %v", held(ds[0]), s.present(), p.sum() == before)
			}
			s.look = func(context.Context) []inventory.Device { return ds }
			if _, err := s.Deliver(t.Context(), onePaper); !errors.Is(err, errStickGone) || p.sum() != before {
				t.Errorf("Deliver = %v", err)
			}
		})
	}
}

// Doubt leaves the hold.
//
// mutant: cmd/lethe/stickboot.go: found := s.hold(ds) => found := s.among(ds)
func TestStickDoubt(t *testing.T) {
	k, p := newSigners(t), plug(t, "S-1", 8<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	unreadable, inside, removable := p.dev, p.dev, p.dev
	unreadable.NodePath += "x"
	inside.Transport = "sata"
	removable.Transport, removable.Removable = "scsi", true
	for _, c := range []struct {
		name string
		ds   []inventory.Device
		held []bool
		ok   bool
	}{
		{"two of one serial number", []inventory.Device{p.dev, removable}, []bool{true, true}, false},
		{"it does not answer", []inventory.Device{unreadable}, []bool{true}, false},
		{"a built-in drive has the number", []inventory.Device{inside}, []bool{false}, false},
		{"removable, not USB", []inventory.Device{inside, removable}, []bool{false, true}, true},
	} {
		s := newStick(t, k)
		err := s.take(c.ds)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		for i, d := range c.ds {
			if held(d) != c.held[i] {
				t.Errorf("%s: drive %d held %v (%v)", c.name, i, held(d), err)
			}
		}
		s.finish()
	}
}

// A stick that went away takes nothing, and its folder in memory neither; back
// again, and proved again, it takes everything.
//
// mutant: cmd/lethe/stickdeliver.go: if s.mount != nil && s.mount.Check() == nil { => if s.mount != nil {
func TestStickPulled(t *testing.T) {
	k, p := newSigners(t), plug(t, "S-1", 8<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	s := newStick(t, k)
	if err := s.take([]inventory.Device{p.dev}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Deliver(t.Context(), onePaper); err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(s.dir, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	second := bundle.Bundle{Name: "LTH-2.pdf", PDF: []byte("another paper")}
	if err := os.MkdirAll(filepath.Join(s.dir, marker.Papers), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Deliver(t.Context(), second); !errors.Is(err, errStickGone) {
		t.Errorf("Deliver to no stick = %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(s.dir, marker.Papers)); len(left) != 0 {
		t.Errorf("written beside the stick: %v", left)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	s.look = func(context.Context) []inventory.Device { return []inventory.Device{p.dev} }
	if _, err := s.Deliver(t.Context(), second); err != nil {
		t.Errorf("after it came back: %v", err)
	}
	s.finish()
	p.with(func(dir string) {
		if files, _ := filepath.Glob(filepath.Join(dir, marker.Papers, "*.pdf")); len(files) != 2 {
			t.Errorf("on the stick: %v", files)
		}
	})
}

// A full stick is let go of, so that somebody can make room.
func TestStickFull(t *testing.T) {
	k, p := newSigners(t), plug(t, "S-1", 1<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	s := newStick(t, k, p.dev)
	p.with(func(dir string) {
		f, err := os.Create(filepath.Join(dir, "filler"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for err == nil {
			_, err = f.Write(make([]byte, 1024))
		}
		if info, serr := f.Stat(); !errors.Is(err, unix.ENOSPC) || serr != nil || f.Truncate(info.Size()-20<<10) != nil {
			t.Fatal(err, serr)
		}
	})
	if _, err := s.Deliver(t.Context(), onePaper); !errors.Is(err, errStickFull) || s.present() {
		t.Errorf("Deliver = %v, mounted %v", err, s.present())
	}
	p.with(func(dir string) {
		if left, _ := os.ReadDir(filepath.Join(dir, marker.Papers)); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if err := os.Remove(filepath.Join(dir, "filler")); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := s.Deliver(t.Context(), onePaper); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Who looks for a stick that came back leaves the drives alone that were here
// before: they are at work.
//
// mutant: cmd/lethe/sticklook.go: return before[instance(d.NodePath)] }) => return false })
func TestLookAgain(t *testing.T) {
	work, back := plug(t, "T-1", 2<<20), plug(t, "S-1", 2<<20)
	stick := back.dev
	stick.Holds = []inventory.Hold{{Kind: holdStick}}
	before := seen([]inventory.Device{work.dev, stick})
	var got []string
	for _, d := range lookAgain(t.Context(), before, inventory.WithLoop(true)) {
		got = append(got, d.NodePath)
	}
	if slices.Contains(got, work.dev.NodePath) || !slices.Contains(got, back.dev.NodePath) {
		t.Errorf("looked at %v; want %s, and not %s", got, back.dev.NodePath, work.dev.NodePath)
	}
}

type keeper struct{ err error }

func (k keeper) Deliver(context.Context, bundle.Bundle) (bundle.Receipt, error) {
	return bundle.Receipt{Depot: "depot"}, k.err
}

// A paper for both is delivered when both have it; the depot's receipt counts.
//
// mutant: cmd/lethe/stickdeliver.go: return r, errors.Join(err, <-copied) => return r, err
func TestEverywhere(t *testing.T) {
	away := errors.New("away")
	for _, c := range []struct{ depot, stick, want error }{{nil, nil, nil}, {away, nil, away}, {nil, away, away}} {
		r, err := everywhere{keeper{c.depot}, keeper{c.stick}}.Deliver(t.Context(), onePaper)
		if !errors.Is(err, c.want) || r.Depot != "depot" {
			t.Errorf("depot %v, stick %v: %v, %v", c.depot, c.stick, r, err)
		}
	}
	var _ deliver.Deliverer = (*stick)(nil)
	var _ deliver.Acknowledger = (*stick)(nil)
}

// A site that names a stick gets no erase whose intent nobody keeps (law 8).
//
// mutant: cmd/lethe/bootdeliver.go: if err != nil && b.depot == nil { => if false {
func TestNoStickNoErase(t *testing.T) {
	pol, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	d := record.Device{Identity: record.Identity{Model: "D", Serial: "T-1"}, Size: 1 << 20, LogicalSector: 512,
		PhysicalSector: 512, Medium: record.MediumMagnetic, Transport: "sata", Node: "sda"}
	plan, err := wipe.NewPlan(wipe.Request{Candidates: []wipe.Candidate{{Device: d, Node: "/dev/none"}},
		Policy: wipe.Policy{Least: record.MethodClear, Profile: pol}, Grant: wipe.GrantConfirmed("T-1"), Now: time.Now()})
	if err != nil || len(plan.Tasks()) != 1 {
		t.Fatalf("plan: %v, %+v", err, plan.Refused())
	}
	k := newSigners(t)
	b := &boot{log: logrus.New(), stick: newStick(t, k), state: sysinit.State{Site: site.Site{Stick: &site.Stick{Serial: "S-1"}}}}
	b.log.SetOutput(io.Discard)
	var refused *cli.Error
	if err := b.acknowledge(t.Context(), &mission{plan: plan}); !errors.As(err, &refused) || refused.Status != cli.ExitRefused {
		t.Errorf("without the stick: %v, want a refusal", err)
	}
	p := plug(t, "S-1", 8<<20)
	p.put(marker.Path, k.marker(t, "S-1", time.Now().Add(time.Hour)))
	b.stick = newStick(t, k, p.dev)
	if err := b.acknowledge(t.Context(), &mission{plan: plan}); err != nil {
		t.Fatal(err)
	}
	if a := plan.Tasks()[0].Audit; a.Kind != record.AuditStick || a.Name != "S-1" || len(a.Receipt) != 64 {
		t.Errorf("audit %+v", a)
	}
}
