package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"lethe/certs/bundle"
	"lethe/certs/record"
)

// maxListing bounds a depot's list of papers, in bytes: some 200,000 papers.
const maxListing = 64 << 20

// Listed is what a depot says of a paper that it has. It proves nothing: the paper
// does.
type Listed struct {
	Digest record.Hex   `json:"digest"` // SHA-256 of the PDF
	ID     string       `json:"id"`
	Kind   string       `json:"kind"`
	State  record.State `json:"state"`
	Serial string       `json:"serial"`
}

// Papers fetches the papers that the depot lists and want asks for. Their digests are
// those listed; nothing else about them is checked. It tries again as Deliver does.
func (h *HTTPS) Papers(ctx context.Context, want func(Listed) bool) ([]bundle.Bundle, error) {
	var all []Listed
	s := sending{name: "list of papers", method: http.MethodGet, path: "/v1/papers", most: maxListing}
	s.accept = func(answer []byte) (none bundle.Receipt, err error) {
		all, err = parseListing(answer)
		return none, err
	}
	if err := h.send(ctx, s); err != nil {
		return nil, fmt.Errorf("list papers: %w", err)
	}
	var out []bundle.Bundle
	for _, l := range all {
		if !want(l) {
			continue
		}
		b, err := h.paper(ctx, l)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// parseListing reads a depot's list; it may say more of a paper than we ask.
func parseListing(b []byte) (all []Listed, err error) {
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("list of papers: %v", err)
	}
	for _, l := range all {
		if !bundle.ValidDigest(l.Digest) || !bundle.ValidID(l.ID) {
			return nil, fmt.Errorf("list of papers: digest %.80q, id %.80q", l.Digest, l.ID)
		}
	}
	return all, nil
}

func (h *HTTPS) paper(ctx context.Context, l Listed) (b bundle.Bundle, err error) {
	s := sending{name: l.ID, method: http.MethodGet, path: "/v1/papers/" + l.Digest, most: bundle.MaxPDF}
	s.accept = func(answer []byte) (none bundle.Receipt, err error) {
		if got := record.Digest(answer); got != l.Digest {
			return none, fmt.Errorf("paper %s has SHA-256 %s, listed was %s", l.ID, got, l.Digest)
		}
		b = bundle.Bundle{Name: l.ID + ".pdf", PDF: answer}
		return none, nil
	}
	if err := h.send(ctx, s); err != nil {
		return b, fmt.Errorf("fetch paper %s: %w", l.ID, err)
	}
	return b, nil
}
