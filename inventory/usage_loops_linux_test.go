package inventory

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/inventory/inventorytest"
	"lethe/inventory/sysfs"
)

// A loop device that never says what it lies on makes the picture incomplete, and is
// named; all others are asked all the same, and what lies below them is known.
//
// mutant: usage_loops_linux.go: time.After(patience) => make(<-chan time.Time)
// mutant: usage_loops_linux.go: errs = append(errs, s.err) => _ = errs
// mutant: usage_loops_linux.go: delete(silent, s.name) => silent = map[string]string{}
func TestLoopsThatDoNotAnswer(t *testing.T) {
	files := map[string]string{}
	for i := range 64 {
		files[fmt.Sprintf("loop%d", i)] = fmt.Sprintf("/srv/%d.img", i)
	}
	dead := make(chan struct{})
	defer close(dead)
	u := &usage{by: map[number][]use{}}
	below := func(name, _ string) (number, bool, error) {
		var i uint32
		if _, err := fmt.Sscanf(name, "loop%d", &i); err != nil {
			return number{}, false, err
		}
		switch i {
		case 17, 3:
			<-dead
		case 5:
			return number{}, false, unix.EIO
		}
		return number{8, i}, i%2 == 0, nil
	}
	ended := make(chan error, 1)
	go func() { ended <- u.askLoops(files, 200*time.Millisecond, below) }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for loop devices that never answer")
	}
	const silent = "within 200ms: loop17 (over /srv/17.img), loop3 (over /srv/3.img)"
	if err == nil || !strings.Contains(err.Error(), silent) || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("askLoops = %v; want the two that are silent, and the error of a third", err)
	}
	for i := range uint32(64) {
		if n := len(u.by[number{8, i}]); n != int(1-i%2) {
			t.Errorf("%d uses of what is below loop%d", n, i)
		}
	}
}

// As many workers as there are loop devices ask all of them at once, and each finds the
// one loop device that lies on another, whatever path its file was given by.
//
// mutant: devio/loop_linux.go: info.Rdevice != 0, nil => false, nil
func TestManyLoops(t *testing.T) {
	const many = 64
	var devs []string
	for range many {
		devs = append(devs, inventorytest.Loop(t, "/dev/shm", 1<<20))
	}
	// Its path says nothing: a node of another name, as in a container.
	var st unix.Stat_t
	if err := unix.Stat(devs[7], &st); err != nil {
		t.Fatal(err)
	}
	odd := filepath.Join(t.TempDir(), "data")
	if err := unix.Mknod(odd, unix.S_IFBLK|0o600, int(st.Rdev)); err != nil {
		t.Fatal(err)
	}
	above := filepath.Base(inventorytest.Attach(t, odd))
	if err := os.Remove(odd); err != nil {
		t.Fatal(err)
	}
	below := number{unix.Major(uint64(st.Rdev)), unix.Minor(uint64(st.Rdev))}
	began, spent := time.Now(), cpuTime(t)
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			u := &usage{by: map[number][]use{}}
			if err := u.readLoops(sysfs.Root("")); err != nil {
				t.Error(err)
			}
			got := u.by[below]
			if len(got) != 1 || got[0].kind != HoldHeld || got[0].what != "used by the loop device "+above {
				t.Errorf("uses of %s: %+v; want %s alone", devs[7], got, above)
			}
		})
	}
	all.Wait()
	t.Logf("%d times %d loop devices in %s, %s of CPU", many, many+1, time.Since(began).Round(time.Millisecond), (cpuTime(t) - spent).Round(time.Millisecond))
}

// cpuTime is what this process has used.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
