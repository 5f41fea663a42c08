package record

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// documented are the members FORMAT.md lists below each heading "### Type".
func documented(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	heading := regexp.MustCompile("^### ([A-Z]\\w+)$")
	row := regexp.MustCompile("^\\| `(\\w+)` \\|")
	out, in := map[string][]string{}, ""
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "#") {
			in = ""
		}
		if m := heading.FindStringSubmatch(l); m != nil {
			in = m[1]
			out[in] = []string{}
		}
		if m := row.FindStringSubmatch(l); m != nil && in != "" {
			out[in] = append(out[in], m[1])
		}
	}
	return out
}

// structs gathers every struct of this package that can be reached from v.
func structs(v reflect.Type, into map[string]reflect.Type) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice:
		structs(v.Elem(), into)
	case reflect.Struct:
		if into[v.Name()] != nil || v == reflect.TypeFor[Time]() {
			return
		}
		into[v.Name()] = v
		for i := range v.NumField() {
			structs(v.Field(i).Type, into)
		}
	}
}

// FORMAT.md must list exactly the members that the types have, in their order, and
// say of each whether it may be absent.
func TestFormatNamesEveryField(t *testing.T) {
	types := map[string]reflect.Type{}
	for _, v := range []any{Order{}, Line{}, Record{}, Summary{}, Look{}} {
		structs(reflect.TypeOf(v), types)
	}
	doc := documented(t)
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range types {
		got, ok := doc[name]
		if !ok {
			t.Errorf("FORMAT.md has no section for %s", name)
			continue
		}
		want := []string{}
		for i := range v.NumField() {
			member, opts, _ := strings.Cut(v.Field(i).Tag.Get("json"), ",")
			want = append(want, member)
			if v == reflect.TypeFor[Event]() {
				continue
			}
			line := regexp.MustCompile("(?s)\n### " + name + "\n.*?\n(\\| `" + member + "` \\|[^\n]*)").FindSubmatch(text)
			if line != nil && strings.Contains(string(line[1]), ", optional |") != (opts == "omitempty") {
				t.Errorf("FORMAT.md: %s: optional or not: %s", name, line[1])
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("FORMAT.md lists of %s\n%q; the type has\n%q", name, got, want)
		}
	}
	for name := range doc {
		if types[name] == nil {
			t.Errorf("FORMAT.md has a section for %s, which no document holds", name)
		}
	}
}

// Words that readers must find spelled as we write them.
func TestFormatNamesEveryWord(t *testing.T) {
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{OrderFormat, TranscriptFormat, RecordFormat, SummaryFormat, LookFormat, LookingFormat, "lethe-judge/3", "lethe-look/1",
		string(SightUnknown), string(SightIncomplete), string(SightUnreadable), string(SightDiffers), string(SightHolds),
		KindCertificate, KindNotice, ReasonDecommission, ReasonTermination, CheckFull, CheckSampled, CheckPercentage,
		PatternZero, PatternByte, PatternStream, AuditVolatile, AuditDepot, AuditStick,
		StopSignal, StopError, StopLost, StopStuck, StopGone, StopAbort, StopRefused, ResumeRestart, ResumeWorker, string(MethodClear), string(MethodPurge), string(MethodDestroy),
		string(MediumUnknown), string(MediumMagnetic), string(MediumFlash), string(MediumCard), string(MediumVirtual),
		string(Overwrite), string(BlockErase), string(CryptoErase), string(SanitizeOverwrite), string(SecurityErase),
		string(FormatNVM), string(FormatUnit), string(Revert),
		string(Unknown), string(Incomplete), string(Failed), string(Cleared), string(Purged)} {
		if !strings.Contains(string(b), "`"+w+"`") {
			t.Errorf("FORMAT.md does not name `%s`", w)
		}
	}
}
