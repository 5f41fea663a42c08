package tui

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/wipe"
)

// The row of a drive that carries out its own command says which phase, and does not
// feign a bar where the drive does not say how far it is.
//
// mutant: screen.go: if m.Act != "" { => if false {
// mutant: native.go: if m.Phase == "command" && m.Sum == 0 { => if false {
// mutant: native.go: if e := wipe.Estimated(t, m.Act); e > 0 { => if e := wipe.Estimated(t, m.Act); e < 0 {
func TestNativeRow(t *testing.T) {
	var out bytes.Buffer
	ts := tasks("A")
	ts[0].Passes, ts[0].Acts = nil, []record.Act{record.ATASanitizeCrypto, record.ATASanitizeBlock}
	ts[0].Device.Capabilities = []record.Capability{{Act: record.ATASanitizeBlock, Minutes: 78}}
	s := New(cli.Env{Stdout: &out, Width: 80, TTY: true}, ts)
	now := time.Unix(0, 0) // a busy machine must not count into the times
	s.rows[0].meter = wipe.NewMeter(func() time.Time { return now })
	for _, c := range []struct {
		p    wipe.Progress
		want string
	}{
		{wipe.Progress{Phase: "plant", Pass: 1, Done: 25, Total: 100}, " 25% canaries 1/2  ETA -:--"},
		{wipe.Progress{Phase: "command", Pass: 2, Total: 1000, Act: record.ATASanitizeBlock}, " command 2/2 for 0:00 of about 1:18:00: ata-sanitize-block"},
		{wipe.Progress{Phase: "command", Pass: 1, Total: 1000}, " command 1/2 for 0:00: ata-sanitize-crypto"},
		{wipe.Progress{Phase: "command", Pass: 1, Done: 500, Total: 1000}, "] "},
		{wipe.Progress{Phase: "look", Pass: 2, Done: 1, Total: 100}, "  1% look 2/2"},
	} {
		c.p.Of = 2
		if c.p.Act == "" {
			c.p.Act = record.ATASanitizeCrypto
		}
		s.Observe("T-A", c.p)
		out.Reset()
		s.draw()
		if got := out.String(); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q does not say %q", c.p, got, c.want)
		}
		for _, l := range strings.Split(out.String(), "\n") {
			if l = strings.TrimPrefix(l, "\r\x1b[1A\x1b[J"); len(l) > 80 {
				t.Errorf("%d columns: %q", len(l), l)
			}
		}
	}
}
