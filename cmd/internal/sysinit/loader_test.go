package sysinit

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"lethe/image/kmod"
)

// fakeLoader records what is loaded instead of loading it.
func fakeLoader(t *testing.T, insert func(name, params string) error) (*loader, func() []string) {
	t.Helper()
	x, err := kmod.Load(fstest.MapFS{
		"modules.dep": {Data: []byte("k/scsi_mod.ko:\nk/sd_mod.ko: k/scsi_mod.ko\nk/libata.ko: k/scsi_mod.ko\n" +
			"k/ahci.ko: k/libata.ko k/scsi_mod.ko\nk/slow.ko:\nk/nvme.ko:\n")},
		"modules.alias": {Data: []byte("alias pci:ahci* ahci\nalias pci:nvme* nvme\nalias pci:slow* slow\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var events []string
	l := newLoaderOf("/m", x, func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e.String())
	})
	l.insert = insert
	return l, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(events)
	}
}

// What a module needs is loaded and over before it starts, whatever runs side by
// side; nothing is loaded twice, even when two ask at once.
//
// mutant: modules_linux.go: after = append(after, l.jobs[n]) => _ = n
func TestLoadInOrder(t *testing.T) {
	needs := map[string][]string{"sd_mod": {"scsi_mod"}, "libata": {"scsi_mod"}, "ahci": {"libata", "scsi_mod"}}
	var mu sync.Mutex
	over := map[string]bool{}
	count := map[string]int{}
	l, events := fakeLoader(t, func(file, _ string) error {
		name := kmod.Normalize(file)
		mu.Lock()
		count[name]++
		for _, n := range needs[name] {
			if !over[n] {
				t.Errorf("%s began before %s was over", name, n)
			}
		}
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		over[name] = true
		mu.Unlock()
		return nil
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { l.loadAliases("pci:ahci1", "pci:nvme1"); l.load("sd_mod", "ahci") })
	}
	wg.Wait()
	if diff := cmp.Diff(map[string]int{"scsi_mod": 1, "sd_mod": 1, "libata": 1, "ahci": 1, "nvme": 1}, count); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	if l.count() != 5 || !l.idle() || len(events()) > 0 {
		t.Errorf("count %d, idle %v, events %q", l.count(), l.idle(), events())
	}
}

// A driver that waits for its drives holds up nobody else.
func TestSlowDriverHoldsUpNobody(t *testing.T) {
	release := make(chan struct{})
	l, _ := fakeLoader(t, func(file, _ string) error {
		if filepath.Base(file) == "slow.ko" {
			<-release
		}
		return nil
	})
	slow := make(chan struct{})
	go func() { l.loadAliases("pci:slow"); close(slow) }()
	for l.idle() {
		time.Sleep(time.Millisecond)
	}
	l.loadAliases("pci:nvme", "pci:ahci")
	if n := l.count(); n != 4 || l.idle() {
		t.Errorf("%d modules beside the slow one, idle %v; want 4, false", n, l.idle())
	}
	close(release)
	<-slow
}

func TestLoadTellsFailures(t *testing.T) {
	l, events := fakeLoader(t, func(file, params string) error {
		switch kmod.Normalize(file) {
		case "ahci":
			return unix.ENODEV // no hardware of its own: nothing to tell
		case "nvme":
			return errors.New("bad signature")
		case "libata":
			if params != "allow_tpm=1" {
				t.Errorf("libata's parameters = %q", params)
			}
		}
		return nil
	})
	l.list.Options["libata"] = "allow_tpm=1"
	l.load("ahci", "nvme")
	if diff := cmp.Diff([]string{"driver nvme: bad signature"}, events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// After the barrier nothing is loaded, and a device that would need it is named
// once; one whose driver is there is none of that.
//
// mutant: modules_linux.go: if l.closed { => if false {
func TestNothingIsLoadedAfterClose(t *testing.T) {
	var mu sync.Mutex
	var got []string
	l, events := fakeLoader(t, func(file, _ string) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, kmod.Normalize(file))
		return nil
	})
	h := &Hotplug{l: l, say: l.say}
	h.found("/devices/a", "pci:nvme1")
	l.close()
	h.found("/devices/b", "pci:nvme2") // its driver is there
	h.found("/devices/c", "pci:ahci7")
	h.found("/devices/c", "pci:ahci7")
	l.load("slow")
	if !slices.Equal(got, []string{"nvme"}) {
		t.Errorf("loaded %q, want nvme alone", got)
	}
	want := []string{DriverRefused{[]string{"ahci"}, "/devices/c"}.String()}
	if diff := cmp.Diff(want, events()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestPending(t *testing.T) {
	sys := tree(t, map[string]string{
		// asked already
		"bus/usb/devices/1-1:1.0/bInterfaceClass":     "08\n",
		"bus/usb/devices/1-1:1.0/driver/x":            "",
		"bus/usb/devices/1-1:1.0/host3/target3:0:0/x": "",
		"bus/usb/devices/1-2:1.0/bInterfaceClass":     "08\n", // not asked yet
		"bus/usb/devices/1-2:1.0/driver/x":            "",
		"bus/usb/devices/1-2:1.0/host4/x":             "",
		"bus/usb/devices/1-3:1.0/bInterfaceClass":     "08\n", // no driver takes it
		"bus/usb/devices/1-4:1.0/bInterfaceClass":     "03\n", // a keyboard
		"bus/usb/devices/1-4:1.0/driver/x":            "",
		"bus/scsi/devices/0:0:0:0/type":               "0\n", // there
		"bus/scsi/devices/0:0:0:0/driver/x":           "",
		"bus/scsi/devices/0:0:0:0/block/sda/x":        "",
		"bus/scsi/devices/0:0:1:0/type":               "0\n", // spinning up
		"bus/scsi/devices/0:0:1:0/driver/x":           "",
		"bus/scsi/devices/0:0:2:0/type":               "0\n",  // hidden part of a RAID volume
		"bus/scsi/devices/0:0:3:0/type":               "13\n", // an enclosure
		"bus/scsi/devices/0:0:3:0/driver/x":           "",
		"bus/scsi/devices/target0:0:0/type":           "0\n",
	})
	if diff := cmp.Diff([]string{"USB 1-2:1.0", "SCSI 0:0:1:0"}, pending(sys, false)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"SCSI 0:0:1:0"}, pending(sys, true)); diff != "" {
		t.Errorf("with patience over (-want +got):\n%s", diff)
	}
}
