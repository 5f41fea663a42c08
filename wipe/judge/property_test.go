package judge

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"lethe/certs/record"
)

var plans = [][]record.Pass{{streamPass}, {pass55}, {streamPass, streamPass}}

// chosen are the plans to go through: under -short, which the race detector's run
// has, one will do.
func chosen() [][]record.Pass {
	if testing.Short() {
		return plans[:1]
	}
	return plans
}

// tail reports whether a line is one of those that may come in any order once
// the read-back has ended: keys are revealed, the drive is identified.
func tail(e record.Event) bool { return e.Reveal != nil || e.Closing != nil }

// No single line can be dropped, said again anywhere, moved or exchanged for
// another, with the chain made anew, and still give Cleared; but for the lines
// of the tail among themselves.
func TestOrderOfLinesMatters(t *testing.T) {
	for _, passes := range chosen() {
		t.Run(fmt.Sprint(passes), func(t *testing.T) { t.Parallel(); orderMatters(t, passes) })
	}
}

func orderMatters(t *testing.T, passes []record.Pass) {
	n := len(good(t, passes...).events)
	deny := func(what string, change func(s *script), equivalent bool) {
		s := good(t, passes...)
		change(s)
		if v := s.judge(t); (v.State == record.Cleared) != equivalent || v.State == record.Purged {
			t.Errorf("%v: %s: %s %q", passes, what, v.State, v.Reasons)
		}
	}
	kinds := good(t, passes...).events
	for i := range n {
		deny(fmt.Sprintf("line %d (%s) dropped", i, kinds[i].Kind()), func(s *script) { s.drop(i) }, false)
		for j := range n + 1 {
			deny(fmt.Sprintf("line %d (%s) again at %d", i, kinds[i].Kind(), j), func(s *script) { s.insert(j, s.events[i]) }, false)
		}
		for j := range n {
			if i == j {
				continue
			}
			free := true // the lines passed over and the line itself are all of the tail
			for k := min(i, j); k <= max(i, j); k++ {
				free = free && tail(kinds[k])
			}
			deny(fmt.Sprintf("line %d (%s) moved to %d", i, kinds[i].Kind(), j), func(s *script) { s.move(i, j) }, free)
			if i < j {
				deny(fmt.Sprintf("lines %d and %d exchanged", i, j), func(s *script) { s.swap(i, j) }, free)
			}
		}
	}
}

// A transcript cut anywhere and ended there shows less than a whole one.
func TestCutShort(t *testing.T) {
	for _, passes := range plans {
		n := len(good(t, passes...).events)
		for i := 1; i < n; i++ {
			s := good(t, passes...)
			s.events = s.events[:i]
			if v := s.judge(t); v.State != record.Unknown {
				t.Errorf("%v cut at line %d: %s", passes, i, v.State)
			}
			if i < n-1 {
				s.add(record.Event{Ended: &record.Ended{}})
				if v := s.judge(t); v.State != record.Unknown {
					t.Errorf("%v cut and ended at line %d: %s", passes, i, v.State)
				}
			}
			s = good(t, passes...)
			s.cut(i, record.StopSignal)
			if v := s.judge(t); v.State != record.Incomplete {
				t.Errorf("%v stopped at line %d: %s %q", passes, i, v.State, v.Reasons)
			}
		}
	}
}

// unjudged are the fields that a verdict of erased does not rest on, and why. A
// value that names an alteration frees only that one.
var unjudged = map[string]string{
	"task.id":                           "a name",
	"task.plan":                         "a pin for the depot to compare",
	"task.boot":                         "tells readers what mono counts from",
	"task.confirmed":                    "authority to erase is the depot's to check, not evidence of erasure",
	"task.order":                        "likewise",
	"task.stepDown":                     "the plan's choice; Asked decides",
	"task.asked=Purge":                  "then Reached is false",
	"task.asked=Destroy":                "then Reached is false",
	"task.audit":                        "says what outlives the machine",
	"task.ladder.reason":                "words, but not none",
	"task.device.firmware":              "matters to quirks only",
	"task.device.nativeSize=0":          "not stated",
	"task.device.physicalSector":        "informs",
	"task.device.medium=flash":          "earns the same method",
	"task.device.rotationRpm":           "informs",
	"task.device.transport":             "informs",
	"task.device.remote":                "the plan refuses these",
	"task.device.remoteAt":              "informs",
	"task.device.path":                  "never an identity",
	"task.device.node":                  "never an identity",
	"task.device.removable":             "informs",
	"task.device.virtual":               "marks the record",
	"task.device.virtualWhy":            "marks the record",
	"task.device.controller":            "informs",
	"task.device.siblings":              "for subsystem commands",
	"task.device.capabilities":          "the ladder is made of them",
	"task.device.hidden.kind":           "another kind is residual risk",
	"task.device.hidden.state":          "anything but present is residual risk",
	"task.device.hidden=shorter":        "an area that is not there",
	"task.device.hidden=longer":         "an area of no known kind",
	"task.device.hidden=first":          "an area that is not there",
	"task.device.hidden=twice":          "an area that is there",
	"task.ladder.technique=CryptoErase": "another technique that earns the same",
	"task.ladder=first":                 "a technique the drive does not offer",
	"opened.evidence":                   "raw answers, for readers",
	"closing.evidence":                  "raw answers, for readers",
	"closing.direct":                    "nothing is read after it",
	"commit.stored":                     "says whether another could resume the task",
	"kept.range.end=61441":              "more was kept than is relied on",
	"kept.range.end=61952":              "likewise",
	"kept.range.first":                  "how much of what was kept was looked at",
	"rechecked.range.first":             "likewise; the whole read-back decides",
	"resumed.boot":                      "tells what mono counts from",
	"resumed.reason":                    "words, but not none",
	"resumed.detail":                    "words",
	"resumed.audit":                     "says what outlives the machine",
	"passEnd.firstError":                "an error that a retry cured; the record tells it",
	"passEnd.nanos":                     "informs",
	"checkEnd.firstError":               "an error that a retry cured; the record tells it",
	"checkEnd.nanos":                    "informs",
}

// alter calls try for every small change of every field below v, undone after.
func alter(path string, v reflect.Value, try func(path, how string)) {
	set := func(how string, to reflect.Value) {
		if reflect.DeepEqual(v.Interface(), to.Interface()) {
			return
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(to)
		try(path, how)
		v.Set(old)
	}
	conv := func(x any) reflect.Value { return reflect.ValueOf(x).Convert(v.Type()) }
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			set("made", reflect.New(v.Type().Elem()))
			return
		}
		alter(path, v.Elem(), try)
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			alter(path+"."+name, v.Field(i), try)
		}
	case reflect.Slice:
		set("longer", reflect.Append(v.Slice3(0, v.Len(), v.Len()), reflect.New(v.Type().Elem()).Elem()))
		if v.Len() > 0 {
			set("shorter", v.Slice(0, v.Len()-1))
			set("first", v.Slice(1, v.Len()))
			set("twice", reflect.AppendSlice(v.Slice3(0, v.Len(), v.Len()), v))
		}
		for i := range v.Len() {
			alter(path, v.Index(i), try)
		}
	case reflect.Bool:
		set("not", conv(!v.Bool()))
	case reflect.Int64:
		for _, x := range []int64{v.Int() + 1, v.Int() - 1, 0, -1, 1 << 53, -1 << 53} {
			set(fmt.Sprint(x), conv(x))
		}
	case reflect.Uint64:
		for _, x := range []uint64{v.Uint() + 1, v.Uint() - 1, v.Uint() + 512, 0, 1 << 63, math.MaxUint64} {
			set(fmt.Sprint(x), conv(x))
		}
	case reflect.String:
		words := []string{"", v.String() + "x", strings.ToUpper(v.String()), strings.Repeat("0", len(v.String())),
			"Purge", "Destroy", "flash", "virtual", "card", "BlockErase", "CryptoErase", "zero", "byte", "aes-128-ctr", "none", "present"}
		for _, x := range words {
			set(x, conv(x))
		}
	default:
		panic("no alterations for " + v.Kind().String())
	}
}

// free reports which entry of unjudged covers an alteration, "" when none does.
func free(path, how string) string {
	if _, ok := unjudged[path+"="+how]; ok {
		return path + "=" + how
	}
	for p := path; p != ""; p = p[:max(0, strings.LastIndexByte(p, '.'))] {
		if _, ok := unjudged[p]; ok {
			return p
		}
	}
	return ""
}

// Every field that a line has is either judged, so that no other value of it
// passes, or is in the list of those that are not, with the reason.
func TestEveryFieldIsJudgedOrListed(t *testing.T) {
	used := map[string]bool{}
	for n, made := range []func(testing.TB, ...record.Pass) *script{good, resumed} {
		passes := plans[0]
		for i := range made(t, passes...).events {
			if s := made(t, passes...); n > 0 && (i < s.at("kept", 0) || i == s.at("resumed", 0)-1) {
				continue // as in the first, or of what does not count any more
			}
			s := made(t, passes...)
			alter("", reflect.ValueOf(&s.events[i]).Elem(), func(path, how string) {
				path = strings.TrimPrefix(path, ".")
				if s.events[i].Kind() == "" {
					return // two events in one line: Append and ParseTranscript refuse it
				}
				v := s.judge(t)
				by := free(path, how)
				if v.State == record.Purged || v.State == record.Cleared && by == "" {
					t.Errorf("%v line %d: %s = %q: %s %q", passes, i, path, how, v.State, v.Reasons)
				}
				if v.State == record.Cleared {
					used[by] = true
				}
			})
			if v := s.judge(t); v.State != record.Cleared {
				t.Fatalf("line %d: alterations were not undone: %+v", i, v)
			}
		}
	}
	for k := range unjudged {
		if !used[k] {
			t.Errorf("unjudged lists %q, which is judged", k)
		}
	}
}
