//go:build long

package demo_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lethe/certs/check"
	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
)

// cutDrives are three drives on three buses that take long enough to be cut in two.
func cutDrives() []demo.Plug {
	const rate = 10 << 20
	return []demo.Plug{
		{Bus: boottest.SATA, Serial: "CUT-SATA", Model: "LETHE CUT", Size: 256 << 20, FS: "ext4", Rate: rate},
		{Bus: boottest.NVMe, Serial: "CUT-NVME", Size: 256 << 20, Rate: rate},
		// A SCSI drive of QEMU whose writes are logged says that it is thin, and is refused.
		{Bus: boottest.Virtio, Serial: "CUT-VIRTIO", Size: 256<<20 + 512, Rate: rate},
	}
}

// cuts is what the losses of power came to.
type cuts struct {
	kills, rounds, forgot, whole int
	resumed                      int   // certificates of tasks that went on
	kept                         int64 // bytes that were not written again
}

// The machine loses its power at random points, again and again, and what the drives
// and the stick had not been asked to make last is lost in part. Started again with the
// same drives and stick it goes on, until every drive has its certificate; the host
// finds on each the bytes of the keys that its paper reveals for each range, and
// nothing of what it held.
//
// mutant: cmd/lethe/bootresume.go: _, err = r.unfinishedTask(n.Task, time.Now()) => err = errors.New("never")
func TestResumesAfterPowerCut(t *testing.T) {
	r := chance(t)
	var sum cuts
	for start := time.Now(); sum.kills < resumeKills && !t.Failed(); {
		t.Run(fmt.Sprintf("round %d", sum.rounds+1), func(t *testing.T) { cutRound(t, r, min(1+r.IntN(4), resumeKills-sum.kills), &sum) })
		sum.rounds++
		t.Logf("after %s: %+v", time.Since(start).Round(time.Second), sum)
	}
	if sum.kept == 0 {
		t.Error("nothing went on: every drive was begun anew")
	}
}

func cutRound(t *testing.T, r *rand.Rand, n int, sum *cuts) {
	s := newStickStage(t, cutDrives()...)
	s.makeStick(48<<20, 1<<20)
	s.sign()
	s.live, s.logs = true, t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n+1)*5*time.Minute)
	defer cancel()
	for range n {
		s.cut(ctx, r, sum)
	}
	s.logs = ""
	vm := s.boot(ctx)
	if err := vm.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if said := vm.Output(); strings.Contains(said, "PAPERS ARE NOT DELIVERED") {
		t.Error("papers are not delivered")
	}
	s.intact()
	s.proveCut(sum)
	if left := s.run("mdir", "-b", "-i", s.at, "::LETHE/handover"); strings.Contains(left, ".handover") {
		t.Errorf("keys are left on the stick: %s", left)
	}
}

// cut boots, and pulls the plug once a drive that was chosen is as far as was chosen.
func (s *stickStage) cut(ctx context.Context, r *rand.Rand, sum *cuts) {
	s.t.Helper()
	before := s.copies()
	vm := s.boot(ctx)
	defer vm.Close()
	victim, part := s.plugs[r.IntN(len(s.plugs))].Serial, 3+r.IntN(94)
	if r.IntN(2) == 0 { // in the middle of a pass
		part = 5 + r.IntN(40)
	}
	wait := time.Duration(r.IntN(1500)) * time.Millisecond
	if r.IntN(8) == 0 { // before anything is kept
		part = 0
	}
	if _, err := vm.Expect(ctx, `intent is on the stick`); err != nil {
		s.t.Fatal(err)
	}
	seen := until(ctx, s.t, vm, victim, part)
	select {
	case <-time.After(wait):
	case <-vm.Done():
	}
	over := false
	select {
	case <-vm.Done():
		over = true // all was done before
	default:
	}
	vm.Close()
	sum.kills++
	forgot := 0
	if !over {
		forgot = s.forget(r, before, sum)
	}
	goOn := regexp.MustCompile(`goes on: pass 1 of 1 at byte (\d+)`).FindAllStringSubmatch(vm.Output(), -1)
	s.t.Logf("kill %d: %s at %d %% (asked %d) + %s, over %v; %d writes forgotten; in this start went on: %v", sum.kills, victim, seen, part, wait, over, forgot, goOn)
}

// until waits until the drive is part per cent done, or has ended.
func until(ctx context.Context, t *testing.T, vm *boottest.VM, serial string, part int) (seen int) {
	t.Helper()
	for {
		m, err := vm.Expect(ctx, regexp.QuoteMeta(serial)+` +(?:\[[#.]*\] +(\d+)%|[^\n]*(?:NOT SANITISED|CLEARED))|is carried out|powering off`)
		if err != nil {
			t.Fatal(err)
		}
		if m[1] == "" {
			return 100
		}
		fmt.Sscan(m[1], &seen)
		if seen >= part {
			return seen
		}
	}
}

// copies are the drives' images as they are before a start, the stick's first.
func (s *stickStage) copies() (out []string) {
	s.t.Helper()
	for i, d := range s.drives() {
		to := filepath.Join(s.logs, fmt.Sprintf("before%d.img", i))
		s.run("cp", "--sparse=always", "--reflink=auto", d.Path, to)
		out = append(out, to)
	}
	return out
}

// forget makes every drive, and the stick, lose about half of the writes that no flush
// had followed: what a cache without a battery may do.
func (s *stickStage) forget(r *rand.Rand, before []string, sum *cuts) (forgot int) {
	s.t.Helper()
	for i, d := range s.drives0() {
		n, err := boottest.Forget(s.logOf(i), before[i], d, func() bool { return r.IntN(2) == 0 })
		switch {
		case errors.Is(err, boottest.ErrHole):
			sum.whole++ // its log does not tell: it keeps what it has
			continue
		case err != nil:
			s.t.Fatal(err)
		}
		forgot += n
	}
	sum.forgot += forgot
	return forgot
}

// drives0 are the paths of the images.
func (s *stickStage) drives0() []string {
	out := []string{s.img}
	for _, d := range s.targets {
		out = append(out, d.Path)
	}
	return out
}

// proveCut wants one certificate a drive, and the drive's bytes to be those of the keys
// in it.
func (s *stickStage) proveCut(sum *cuts) {
	s.t.Helper()
	files, _ := filepath.Glob(filepath.Join(s.papers(), "*.pdf"))
	certified := map[string]record.Record{}
	notices := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			s.t.Fatal(err)
		}
		rep := check.Check(b, check.Options{Roots: s.root.Pool()})
		switch {
		case rep.Kind == check.KindSummary && rep.OK():
			continue
		case rep.Record == nil || rep.Failed() != "":
			s.t.Errorf("%s: %+v", filepath.Base(f), rep.Lines)
			continue
		case rep.Kind == record.KindNotice:
			notices++ // of a task that was cut short before anything was kept
			s.t.Logf("%s: notice: %v", rep.Record.Device.Identity, rep.Record.Verdict.Reasons)
			continue
		}
		serial := rep.Record.Device.Identity.Serial
		if _, twice := certified[serial]; twice {
			s.t.Errorf("%s has two certificates", serial)
		}
		certified[serial] = *rep.Record
		s.bothBoots(b, *rep.Record, sum)
	}
	for i, p := range s.plugs {
		rec, ok := certified[p.Serial]
		if !ok {
			s.t.Errorf("%s has no certificate", p.Serial)
			continue
		}
		if left, err := s.targets[i].Compare(); err != nil || !left.Gone() {
			s.t.Errorf("%s: %v, %v", p.Serial, left, err)
		}
		if err := sameAsRevealed(s.targets[i].Path, rec); err != nil {
			s.t.Errorf("%s: %v", p.Serial, err)
		}
	}
}

// bothBoots wants a paper of a task that went on to name both starts.
func (s *stickStage) bothBoots(paper []byte, rec record.Record, sum *cuts) {
	s.t.Helper()
	doc, err := pdf.Read(paper)
	if err != nil {
		s.t.Fatal(err)
	}
	tr, err := record.ParseTranscript(doc.Attachments[pdf.AttachTranscript])
	if err != nil {
		s.t.Fatal(err)
	}
	boot, went := tr.Lines[0].Event.Task.Boot, false
	for _, l := range tr.Lines {
		if r := l.Event.Resumed; r != nil {
			if went = true; r.Boot == boot || r.Boot == "" || r.Audit.Kind != record.AuditStick || !strings.Contains(r.Detail, "kept on delivery stick "+stickSerial) {
				s.t.Errorf("resumed: %+v, the start before was %s", r, boot)
			}
			boot = r.Boot
			s.t.Logf("%s went on in pass %d at byte %d", rec.Device.Identity, r.Pass, r.From)
		}
	}
	if !went {
		return
	}
	sum.resumed++
	if said := strings.Join(rec.Residual, "\n"); !strings.Contains(said, "in another boot of the machine ("+boot) {
		s.t.Errorf("the record does not name its boots: %s", said)
	}
	for _, p := range rec.Passes {
		if n := len(p.Parts); n > 1 {
			sum.kept += int64(p.Parts[n-1].Range.First)
		} else {
			sum.kept += int64(p.Written) // only the read-back was left
		}
	}
}

// sameAsRevealed compares a drive with AES-128-CTR under the keys of its record, as
// openssl makes it, each range from its own key's place on the drive.
func sameAsRevealed(image string, rec record.Record) error {
	f, err := os.Open(image)
	if err != nil {
		return err
	}
	defer f.Close()
	p := rec.Passes[len(rec.Passes)-1]
	parts := p.Parts
	if len(parts) == 0 {
		parts = []record.PartDone{{Range: record.Range{End: rec.Device.Size}, Key: p.Key, IV: p.IV}}
	}
	at := record.Size(0)
	for _, part := range parts {
		if part.Range.First != at {
			return fmt.Errorf("a part begins at %d, expected %d", part.Range.First, at)
		}
		key, kerr := hex.DecodeString(part.Key)
		iv, verr := hex.DecodeString(part.IV)
		if err := errors.Join(kerr, verr); err != nil || len(iv) != aes.BlockSize {
			return fmt.Errorf("key %q, iv %q: %w", part.Key, part.IV, err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		stream := cipher.NewCTR(block, iv)
		want, got := make([]byte, 1<<20), make([]byte, 1<<20)
		skip := int64(part.Range.First) // the stream counts from the drive's first byte
		for skip > 0 {
			n := min(skip, int64(len(want)))
			stream.XORKeyStream(want[:n], want[:n])
			skip -= n
		}
		for at < part.Range.End {
			n := min(int(part.Range.End-at), len(want))
			clear(want)
			stream.XORKeyStream(want[:n], want[:n])
			if _, err := io.ReadFull(io.NewSectionReader(f, int64(at), int64(n)), got[:n]); err != nil {
				return err
			}
			if !bytes.Equal(want[:n], got[:n]) {
				return fmt.Errorf("between %d and %d it is not what the key of %d to %d makes", at, int(at)+n, part.Range.First, part.Range.End)
			}
			at += record.Size(n)
		}
	}
	if at != rec.Device.Size {
		return fmt.Errorf("the keys end at %d of %d bytes", at, rec.Device.Size)
	}
	return nil
}
