package nvme_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lethe/inventory/inventorytest"
	"lethe/inventory/nvme"
)

func TestReadReservation(t *testing.T) {
	one, two := [16]byte{1}, [16]byte{2, 15: 9}
	for _, c := range []struct {
		name  string
		hosts inventorytest.NVMeHosts
		want  nvme.Reservation
		fail  bool
	}{
		{"nobody", inventorytest.NVMeHosts{}, nvme.Reservation{}, false},
		{"registered", inventorytest.NVMeHosts{Hosts: [][16]byte{one, two}},
			nvme.Reservation{Registrants: 2, Hosts: []string{"0100000000000000", "0200000000000000"}}, false},
		{"long form", inventorytest.NVMeHosts{Hosts: [][16]byte{two, two}, Type: 3, Long: true},
			nvme.Reservation{Registrants: 2, Holders: 1, Type: 3, Hosts: []string{"02000000000000000000000000000009"}}, false},
		{"no such command", inventorytest.NVMeHosts{Status: 0x4001}, nvme.Reservation{}, false},
		{"internal error", inventorytest.NVMeHosts{Status: 0x0006}, nvme.Reservation{}, true},
		{"command specific", inventorytest.NVMeHosts{Status: 0x0101}, nvme.Reservation{}, true},
	} {
		got, err := nvme.ReadReservation(context.Background(), &c.hosts, 1)
		if (err != nil) != c.fail {
			t.Errorf("%s: %v; want failure %v", c.name, err, c.fail)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

// FuzzReport holds that a report never names more hosts than it has bytes for.
func FuzzReport(f *testing.F) {
	f.Add(make([]byte, 24), false)
	f.Add([]byte{0, 0, 0, 0, 1, 0xff, 0xff, 63: 1, 66: 1, 127: 0}, true)
	f.Fuzz(func(t *testing.T, b []byte, long bool) {
		r, err := nvme.ParseReport(b, long)
		if err != nil {
			return
		}
		if len(r.Hosts) > r.Registrants || len(r.Hosts)*24 > len(b) || r.Holders > r.Registrants {
			t.Errorf("%+v of %d bytes", r, len(b))
		}
	})
}
