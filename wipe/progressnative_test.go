package wipe

import (
	"testing"
	"time"

	"lethe/certs/record"
)

// Each phase of a drive's own command is measured by itself: canaries of a few MiB say
// nothing of how long the command takes.
//
// mutant: progress.go: if p.Act != m.seen.Act || p.Act != "" && p.Phase != m.seen.Phase { => if false {
// mutant: estimate.go: return float64(p.Done) => return 0
func TestMeterNative(t *testing.T) {
	now := time.Unix(0, 0)
	m := NewMeter(func() time.Time { return now })
	note := func(phase string, done, total int64) Reading {
		now = now.Add(time.Second)
		m.Note(Progress{Phase: phase, Act: record.NVMeSanitizeBlock, Pass: 2, Of: 2, Done: done, Total: total})
		return m.Read()
	}
	for i := range int64(5) {
		note("plant", i*1000, 8000)
	}
	if r := m.Read(); r.Sum != 4000 || r.All != 8000 || r.ETA != 4*time.Second {
		t.Errorf("canaries: %+v", r)
	}
	if r := note("command", 0, 1<<40); r.Sum != 0 || r.ETA != -1 || r.Rate != 0 || r.Phased != 0 {
		t.Errorf("a command that says nothing yet: %+v", r)
	}
	var r Reading
	for i := range int64(10) {
		r = note("command", (i+1)<<30, 1<<40)
	}
	if r.ETA != 1014*time.Second || r.Phased != 10*time.Second || r.Elapsed != 15*time.Second {
		t.Errorf("a command that says how far it is: %+v", r)
	}
	if r := note("look", 10, 100); r.Sum != 10 || r.All != 100 || r.ETA != -1 {
		t.Errorf("a look: %+v", r)
	}
	task := record.Task{Acts: []record.Act{record.NVMeSanitizeBlock}, Canaries: 10, Device: record.Device{Size: 1 << 40, LogicalSector: 512}}
	if got := Total(task); got != 10240 {
		t.Errorf("Total = %d", got)
	}
}

// mutant: estimatenative.go: if m <= 0 { => if false {
func TestEstimated(t *testing.T) {
	task := record.Task{Acts: []record.Act{record.ATASanitizeCrypto, record.ATASanitizeBlock}, Device: record.Device{Capabilities: []record.Capability{
		{Act: record.ATASanitizeCrypto, Minutes: 2}, {Act: record.ATASanitizeBlock, Minutes: 3}, {Act: record.ATASanitizeOverwrite, Minutes: 99}}}}
	if got := Estimated(task, ""); got != 5*time.Minute {
		t.Errorf("both: %v", got)
	}
	if got := Estimated(task, record.ATASanitizeBlock); got != 3*time.Minute {
		t.Errorf("one: %v", got)
	}
	task.Device.Capabilities[0].Minutes = 0
	if got := Estimated(task, ""); got != 0 {
		t.Errorf("one is not known: %v", got)
	}
}
