package wipe

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe/judge"
	"lethe/wipe/profile"
)

// What is read is what was written, byte for byte, and never more than allowed.
func FuzzReadLine(f *testing.F) {
	for _, s := range []string{"", "\n", "{}\n", `{"error":"x"}` + "\n", `{"error":"x"} ` + "\n", "{}", "null\n", `{"error":"x","error":""}` + "\n",
		strings.Repeat("x", 5000) + "\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for {
			var a ack
			before := len(in)
			line, rest, whole := bytes.Cut(in, []byte("\n"))
			err := readLine(r, &a)
			if (err == io.EOF) != (before == 0) {
				t.Fatalf("%q: %v", line, err)
			}
			if err != nil {
				return
			}
			var out bytes.Buffer
			if werr := writeLine(&out, a); werr != nil || !whole || !bytes.Equal(out.Bytes(), append(bytes.Clone(line), '\n')) {
				t.Fatalf("read %q, would write %q: %v", line, out.Bytes(), werr)
			}
			in = rest
		}
	})
}

// Whatever a worker says, its task ends, its transcript has an end, and it is not
// certified: it never learns a key whose commitment is on record.
//
// mutant: keeper.go: k.stop(reason, err) => _, _ = reason, err
func FuzzWorkerSpeech(f *testing.F) {
	f.Add([]byte(`{"event":{"ended":{}}}` + "\n"))
	f.Add([]byte(`{"progress":{"done":1,"of":1,"pass":1,"phase":"write","total":2}}` + "\n" + `{"event":{"stopped":{"by":"worker","reason":"x"}}}` + "\n"))
	f.Add([]byte(fuzzedLife(f)))
	f.Add([]byte{})
	f.Add([]byte("{}\n"))
	prof, err := profile.ByID(profile.Default)
	if err != nil {
		f.Fatal(err)
	}
	d := fuzzedDevice()
	plan, err := NewPlan(Request{Candidates: []Candidate{{Device: d, Node: "x"}}, Grant: GrantConfirmed("S"),
		Policy: Policy{Least: record.MethodClear, Profile: prof}, Now: time.Unix(0, 0)})
	if err != nil || len(plan.specs) != 1 {
		f.Fatal(err, plan.Refused())
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		e := &Engine{Spawn: &speech{said}, Journal: nowhere{}, Clock: stopped{}}
		err := e.Run(context.Background(), plan, func(r TaskReport) {
			last := r.Transcript.Lines[len(r.Transcript.Lines)-1].Event
			if last.Ended == nil && last.Stopped == nil {
				t.Errorf("ends with %q", last.Kind())
			}
			if err := r.Transcript.Intact(); err != nil {
				t.Error(err)
			}
			if v := judge.Judge(r.Transcript, prof, judge.Quirks{}); v.State == record.Cleared || v.Reached {
				t.Errorf("certified: %s", r.Transcript.Bytes())
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func fuzzedDevice() record.Device {
	return record.Device{Identity: record.Identity{Serial: "S"}, Size: 512, LogicalSector: 512, Medium: record.MediumMagnetic}
}

// fuzzedLife is all that an honest worker says, but for the key.
func fuzzedLife(f *testing.F) string {
	var out bytes.Buffer
	whole, o := record.Range{End: 512}, record.Opened{Exclusive: true, Direct: true, Identity: record.Identity{Serial: "S"}, Size: 512, LogicalSector: 512}
	for _, e := range []record.Event{
		{Opened: &o}, {Intent: &record.Intent{Technique: record.Overwrite, Range: whole}},
		{Commit: &record.Commit{Pass: 1, Cipher: record.PatternStream, Commitment: record.Digest([]byte("nobody knows"))}},
		{PassBegin: &record.PassBegin{Pass: 1, Of: 1, What: record.Pass{Pattern: record.PatternStream}, Range: whole}},
		{Stretch: &record.Stretch{Pass: 1, Range: whole}}, {PassEnd: &record.PassEnd{Pass: 1, Written: 512, Flushed: true}},
		{CheckBegin: &record.CheckBegin{Pass: 1, Method: record.CheckFull, Direct: true}},
		{Stretch: &record.Stretch{Pass: 1, Check: true, Range: whole}}, {CheckEnd: &record.CheckEnd{Pass: 1, Compared: 512}},
		{Closing: &o}, {Ended: &record.Ended{}},
	} {
		if err := writeLine(&out, message{Event: &e}); err != nil {
			f.Fatal(err)
		}
	}
	return out.String()
}

// speech is a worker that says its piece and ends.
type speech struct{ said []byte }

func (s *speech) Start(context.Context, Spec) (Worker, error) {
	return &speaking{NewLink(io.Discard, bytes.NewReader(s.said))}, nil
}

type speaking struct{ *Link }

func (*speaking) Stop()       {}
func (*speaking) Kill()       {}
func (*speaking) Wait() error { return nil }

type nowhere struct{}

func (nowhere) Append(context.Context, string, record.Line) error { return nil }

type stopped struct{}

func (stopped) Mono() int64     { return 1 }
func (stopped) Wall() time.Time { return time.Unix(1, 0) }
