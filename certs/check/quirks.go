package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"lethe/wipe/judge"
)

// ParseQuirks reads a list of drives known to say what is not so. Unknown members
// and entries without a model are refused: a quirk that matches nothing by a slip of
// the pen would let a bad drive pass.
func ParseQuirks(b []byte) (judge.Quirks, error) {
	var q judge.Quirks
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return judge.Quirks{}, fmt.Errorf("parse quirks: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return judge.Quirks{}, errors.New("parse quirks: bytes after the list")
	}
	if q.Version == "" {
		return judge.Quirks{}, errors.New("parse quirks: no version")
	}
	for i, k := range q.List {
		if k.Model == "" || k.Effect == "" {
			return judge.Quirks{}, fmt.Errorf("parse quirks: entry %d has no model or no effect", i+1)
		}
	}
	return q, nil
}
