package judge

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/certs/record"
)

var update = flag.Bool("update", false, "write the golden transcripts and verdicts anew")

// Transcripts as they are stored, each with its verdict. A change here means that
// papers already issued would be judged otherwise: it needs a new Version.
func TestGolden(t *testing.T) {
	for name, s := range map[string]*script{
		"cleared": good(t), "failed": failedScript(t), "incomplete": stoppedScript(t), "unknown": unflushedScript(t),
		"resumed": resumed(t),
	} {
		if *update {
			write(t, name+".jsonl", s.transcript(t).Bytes())
		}
		b, err := os.ReadFile(filepath.Join("testdata", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		tr, err := record.ParseTranscript(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := record.Marshal(Judge(tr, s.profile, Quirks{}))
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			write(t, name+".verdict.json", append(got, '\n'))
		}
		want, err := os.ReadFile(filepath.Join("testdata", name+".verdict.json"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.TrimSpace(string(want)), string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if state := string(Judge(tr, s.profile, Quirks{}).State); !strings.EqualFold(state, name) && (name != "resumed" || state != "Cleared") {
			t.Errorf("%s is judged otherwise", name)
		}
	}
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func failedScript(t *testing.T) *script {
	s := good(t)
	s.event("checkEnd", 0).CheckEnd.MismatchBytes = 512
	s.event("checkEnd", 0).CheckEnd.Mismatches = []record.Range{{First: 4096, End: 4608}}
	return s
}

func stoppedScript(t *testing.T) *script {
	s := good(t)
	s.cut(s.at("stretch", 1), record.StopSignal)
	return s
}

func unflushedScript(t *testing.T) *script {
	s := good(t)
	s.event("passEnd", 0).PassEnd.Flushed = false
	return s
}
