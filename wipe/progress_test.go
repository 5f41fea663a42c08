package wipe

import (
	"testing"
	"time"

	"lethe/certs/record"
)

func TestMeter(t *testing.T) {
	now := time.Unix(0, 0)
	m := NewMeter(func() time.Time { return now })
	if r := m.Read(); r.ETA != -1 || r.Rate != 0 || r.Elapsed != 0 {
		t.Errorf("before anything: %+v", r)
	}
	const mib = 1 << 20
	for i := range 11 {
		m.Note(Progress{Phase: "write", Pass: 1, Of: 1, Done: int64(i) * mib, Total: 100 * mib})
		now = now.Add(time.Second)
	}
	r := m.Read()
	if r.Rate != mib || r.Sum != 10*mib || r.All != 200*mib || r.ETA != 190*time.Second || r.Elapsed != 11*time.Second {
		t.Errorf("a steady pass: %+v", r)
	}
	m.Note(Progress{Phase: "check", Pass: 1, Of: 1, Done: 5 * mib, Total: 100 * mib})
	if r := m.Read(); r.Sum != 105*mib {
		t.Errorf("read-back: %d bytes, want %d", r.Sum, 105*mib)
	}
	m.Note(Progress{Phase: "check", Pass: 1, Of: 1, Done: 5 * mib, Total: 100 * mib, Part: 10 * mib})
	if r := m.Read(); r.Sum != 105*mib || r.All != 110*mib {
		t.Errorf("read-back of a sample: %d of %d bytes", r.Sum, r.All)
	}
	m.Note(Progress{})
	if r := m.Read(); r.Sum != 0 || r.All != 0 {
		t.Errorf("nonsense: %+v", r)
	}
}

func TestTotal(t *testing.T) {
	task := record.Task{Device: record.Device{Size: 10}, Passes: make([]record.Pass, 2)}
	if got := Total(task); got != 30 {
		t.Errorf("Total = %d, want 30", got)
	}
	task.Check, task.Device.Size = record.CheckSampled, 1<<62/2
	if got, want := Total(task), int64(1<<62)+1<<62/20; got != want {
		t.Errorf("Total of a sample = %d, want %d", got, want)
	}
}
