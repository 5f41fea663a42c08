package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lethe/certs/deliver"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// What a depot lists is asked for by digest and taken only if it is that; a list that
// cannot be used is a refusal, not something to wait for.
//
// mutant: papers.go: if got := record.Digest(answer); got != l.Digest { => if got := record.Digest(answer); got == "" {
// mutant: papers.go: if !want(l) { => if false {
// mutant: send.go: if s.most > 0 { => if false {
// mutant: send.go: if s.most == 0 { // else it was fetched => if true {
func TestPapers(t *testing.T) {
	root := authority(t, "root")
	id := leaf(t, root, sign.RoleDepot, sign.Lasting(time.Now(), time.Hour))
	digest := record.Digest(paper.PDF)
	entry := func(digest string) string {
		return fmt.Sprintf(`{"digest":%q,"id":"r1","kind":"certificate","serial":"S1","size":"9","new":1}`, digest)
	}
	for name, c := range map[string]struct {
		list, body string
		want       int
		refused    bool
	}{
		"one":         {"[" + entry(digest) + "]", string(paper.PDF), 1, false},
		"none":        {"[]", "", 0, false},
		"another":     {"[" + entry(digest) + "]", "another", 0, true},
		"no digest":   {"[" + entry("../x") + "]", "", 0, true},
		"no list":     {"{", "", 0, true},
		"not wanted":  {`[{"digest":"` + digest + `","id":"r1","kind":"notice","size":9}]`, "another", 0, false},
		"unsafe name": {`[{"digest":"` + digest + `","id":"../r1","kind":"certificate","size":9}]`, string(paper.PDF), 0, true},
	} {
		d := depot(t, id, id, func(_ *fakeDepot, _ int, w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/papers" {
				fmt.Fprint(w, c.list)
				return
			}
			fmt.Fprint(w, c.body)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		var ev events
		h := client(t, d.URL, root.Pool(), root.Pool(), deliver.WithPatience(), deliver.WithEvents(ev.add))
		got, err := h.Papers(ctx, func(l deliver.Listed) bool { return l.Kind == record.KindCertificate })
		cancel()
		var no *deliver.RefusedError
		if len(got) != c.want || errors.As(err, &no) != c.refused || (err != nil) != c.refused {
			t.Errorf("%s: %d papers, %v", name, len(got), err)
		}
		for _, e := range ev.all {
			if strings.HasPrefix(e, "delivered") {
				t.Errorf("%s: %q, but nothing was", name, e)
			}
		}
	}
}
