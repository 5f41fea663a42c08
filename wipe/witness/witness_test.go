package witness

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/inventory/ata"
)

type drive struct{ asked []string }

func (d *drive) Do(_ context.Context, c *ata.Command) (ata.Response, error) {
	d.asked = append(d.asked, c.Name)
	if c.Opcode == 0xf3 {
		return ata.Response{Sense: []byte{1, 2, 3}}, &ata.AbortError{Name: c.Name}
	}
	for i := range c.Data {
		if c.Protocol == ata.PIOIn {
			c.Data[i] = 7
		}
	}
	return ata.Response{}, nil
}

func TestTellsAll(t *testing.T) {
	var told []record.Exchange
	w := New(&drive{}, func(x record.Exchange) error { told = append(told, x); return nil })
	for _, c := range []*ata.Command{ata.IdentifyCommand(), ata.SetPasswordCommand(ata.ErasePassword), ata.ErasePrepareCommand()} {
		_, _ = w.Do(context.Background(), c)
	}
	if len(told) != 3 || w.Vetoed() != nil {
		t.Fatalf("%d exchanges told, %v", len(told), w.Vetoed())
	}
	if x := told[0]; x.Status != "ok" || x.Sent != "" || !strings.HasPrefix(x.Response, "BwcH") || len(x.Response) != 684 ||
		x.Request != "85080e0000000100000000000000ec00" {
		t.Errorf("IDENTIFY DEVICE: %+v", x)
	}
	if x := told[1]; x.Status != "ok" || len(x.Sent) != 684 || x.Response != "" || !strings.Contains(x.Name, "SET PASSWORD") {
		t.Errorf("SET PASSWORD: %+v", x)
	}
	if x := told[2]; x.Status == "ok" || x.Response != "AQID" {
		t.Errorf("ERASE PREPARE: %+v", x)
	}
}

// mutant: witness.go: if w.veto != nil { => if false {
// What is not taken down is the last thing that is done.
func TestVeto(t *testing.T) {
	full := errors.New("full")
	d := &drive{}
	w := New(d, func(x record.Exchange) error {
		if len(d.asked) == 2 {
			return full
		}
		return nil
	})
	for i := range 4 {
		_, err := w.Do(context.Background(), ata.IdentifyCommand())
		if vetoed := errors.Is(err, ErrVeto) && errors.Is(err, full); vetoed != (i > 0) {
			t.Errorf("command %d: %v", i, err)
		}
	}
	if len(d.asked) != 2 || w.Vetoed() == nil {
		t.Errorf("%d commands sent; want 2", len(d.asked))
	}
	_, err := New(d, func(record.Exchange) error { return full }).Do(context.Background(), ata.ErasePrepareCommand())
	var a *ata.AbortError
	if !errors.Is(err, ErrVeto) || !errors.As(err, &a) {
		t.Errorf("an abort that is not taken down: %v", err)
	}
}
