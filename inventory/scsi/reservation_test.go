package scsi_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/inventorytest"
	"lethe/inventory/scsi"
)

func TestReadReservation(t *testing.T) {
	broken := errors.New("link down")
	many := make([]uint64, 2000)
	for _, c := range []struct {
		name  string
		drive inventorytest.SCSIDrive
		want  scsi.Reservation
		err   error
	}{
		{"no such command", inventorytest.SCSIDrive{}, scsi.Reservation{}, nil},
		{"nobody", inventorytest.SCSIDrive{Reserved: &inventorytest.Reserved{}}, scsi.Reservation{}, nil},
		{"registered", inventorytest.SCSIDrive{Reserved: &inventorytest.Reserved{Keys: []uint64{1, 2}}},
			scsi.Reservation{Keys: []uint64{1, 2}}, nil},
		{"reserved", inventorytest.SCSIDrive{Reserved: &inventorytest.Reserved{Keys: []uint64{0xab, 2}, Type: 5,
			Names: []uint64{0x5000c50011111111, 0x5000c50011111111}}},
			scsi.Reservation{Keys: []uint64{0xab, 2}, Held: true, Key: 0xab, Type: 5, Names: []string{"naa.5000c50011111111"}}, nil},
		{"legacy", inventorytest.SCSIDrive{Conflict: true}, scsi.Reservation{Conflict: true}, nil},
		{"cut short", inventorytest.SCSIDrive{Reserved: &inventorytest.Reserved{Keys: []uint64{7, 8}, Len: 16}},
			scsi.Reservation{Keys: []uint64{7}, More: true}, nil},
		{"broken", inventorytest.SCSIDrive{Err: broken}, scsi.Reservation{}, broken},
	} {
		got, err := scsi.ReadReservation(context.Background(), &c.drive)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v; want %v", c.name, err, c.err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if got.Any() == cmp.Equal(got, scsi.Reservation{}) {
			t.Errorf("%s: Any() = %v", c.name, got.Any())
		}
	}
	got, err := scsi.ReadReservation(context.Background(), &inventorytest.SCSIDrive{Reserved: &inventorytest.Reserved{Keys: many}})
	if err != nil || len(got.Keys) != 1023 || !got.More {
		t.Errorf("2000 keys: %d, more %v, %v; want 1023 and more", len(got.Keys), got.More, err)
	}
}

// stubborn refuses everything with one status.
type stubborn scsi.Response

func (s stubborn) Do(context.Context, *scsi.Command) (scsi.Response, error) {
	return scsi.Response(s), nil
}

// TestReservationRefused holds what a refusal means: a conflict is a claim, an
// illegal request is none, anything else is no answer.
//
// mutant: reservation.go: return s != nil && s.Status == StatusConflict => return s != nil && false
func TestReservationRefused(t *testing.T) {
	r, err := scsi.ReadReservation(context.Background(), stubborn{Status: scsi.StatusConflict})
	if err != nil || !r.Conflict {
		t.Errorf("conflict: %+v, %v", r, err)
	}
	if r, err = scsi.ReadReservation(context.Background(), stubborn{Status: scsi.StatusBusy}); err == nil || r.Any() {
		t.Errorf("busy: %+v, %v; want an error", r, err)
	}
	illegal := stubborn{Status: scsi.StatusCheckCondition, Sense: []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0}}
	if r, err = scsi.ReadReservation(context.Background(), illegal); err != nil || r.Any() {
		t.Errorf("illegal request: %+v, %v; want nobody", r, err)
	}
}

func TestParseHolderShort(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 7), {0, 0, 0, 1, 0, 0, 0, 16, 1, 2, 3}} {
		if _, _, held, err := scsi.ParseHolder(b); err == nil || held {
			t.Errorf("ParseHolder(%x) = %v, %v; want an error", b, held, err)
		}
	}
}

// FuzzReservation throws one buffer at every decoder of PERSISTENT RESERVE IN.
func FuzzReservation(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 5, 0, 0})
	f.Add(append([]byte{0, 0, 0, 1, 0, 0, 0, 52, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 5, 0, 0, 24},
		"iqn.2004-10.com.example:a"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, _, err := scsi.ParseKeys(b)
		if len(keys)*8 > len(b) || (err != nil && keys != nil) {
			t.Errorf("%d keys of %d bytes, %v", len(keys), len(b), err)
		}
		if _, typ, held, err := scsi.ParseHolder(b); err != nil && held || typ > 15 {
			t.Errorf("held %v, type %d, %v", held, typ, err)
		}
		names, _ := scsi.ParseStatus(b)
		for _, n := range names {
			if len(n) > len(b)+4 || n == "" {
				t.Errorf("name %q", n)
			}
		}
	})
}
