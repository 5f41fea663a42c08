// Simdrives makes the drives of a shelf disks of the virtual machine it runs in. The
// shelf is a virtio disk whose serial number is "SIMULATED-SHELF"; see package shelf.
//
// In the image it stands in for /bin/uinit, which u-root's init starts: it loads the
// kernel's modules, starts a copy of itself that serves the drives, waits until they
// are disks, and becomes /bin/lethe with the same arguments. Where it is itself
// /bin/lethe it does what the kernel's environment asks for (simdrives_do=WORD, a word
// of exercise.go), and switches the machine off.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"lethe/image/kmod"
	"lethe/inventory/inventorytest/shelf"
	"lethe/inventory/inventorytest/tcmu"
)

const agent = "/bin/lethe"

func main() {
	var err error
	switch {
	case filepath.Base(os.Args[0]) == "modprobe": // the kernel asks for a module by itself
		names := slices.DeleteFunc(os.Args[1:], func(a string) bool { return strings.HasPrefix(a, "-") })
		if modules(names) != nil {
			os.Exit(1) // there are names that are there for nobody
		}
		return
	case len(os.Args) == 2 && os.Args[1] == "serve":
		err = serve(context.Background())
	default:
		err = start()
	}
	if err != nil {
		fmt.Println("SIMDRIVES error:", err)
	}
	if os.Getenv("simdrives_do") != "" {
		unix.Sync()
		err = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
	if err != nil {
		os.Exit(1)
	}
}

// start brings the drives up and goes on to what the machine is for.
func start() error {
	if err := modules(append([]string{"virtio_pci", "virtio_blk"}, tcmu.Modules()...)); err != nil {
		return err
	}
	disks, err := background()
	if err != nil {
		return err
	}
	for name, disk := range disks {
		fmt.Printf("SIMDRIVES %s is /dev/%s\n", name, disk)
	}
	if word := os.Getenv("simdrives_do"); word != "" {
		return exercise(context.Background(), word, disks)
	}
	return fmt.Errorf("become %s: %w", agent, unix.Exec(agent, append([]string{agent}, os.Args[1:]...), os.Environ()))
}

// background starts the server, which outlives this program, and waits until it has
// said which disk each drive is.
func background() (map[string]string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p, err := os.StartProcess("/proc/self/exe", []string{"simdrives", "serve"},
		&os.ProcAttr{Files: []*os.File{nil, w, os.Stderr}, Env: []string{"GOMAXPROCS=2"}})
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	_ = p.Release() // nobody waits for it
	_ = w.Close()
	disks := map[string]string{}
	for sc := bufio.NewScanner(r); sc.Scan(); {
		f := strings.Fields(sc.Text())
		switch {
		case len(f) == 3 && f[0] == "up":
			disks[f[1]] = f[2]
		case len(f) == 1 && f[0] == "all":
			return disks, nil
		default:
			return nil, fmt.Errorf("server: %s", sc.Text())
		}
	}
	return nil, errors.New("the server of the drives ended")
}

// serve shows every drive of the shelf, one after the other, and carries their commands
// until the machine ends.
func serve(ctx context.Context) error {
	f, err := find()
	if err != nil {
		return err
	}
	s, err := shelf.Open(f)
	if err != nil {
		return err
	}
	ended := make(chan error)
	for i, d := range s.Drives {
		st, err := s.Stand(i)
		if err != nil {
			return err
		}
		up := make(chan string)
		go func() {
			ended <- tcmu.Serve(ctx, tcmu.Disk{Name: d.Name, Size: d.Size(), NAA: d.NAA}, st, func(disk string) { up <- disk })
		}()
		go func() { ended <- st.Tend(ctx, 250*time.Millisecond) }()
		select {
		case disk := <-up:
			fmt.Printf("up %s %s\n", d.Name, disk)
		case err := <-ended:
			return err
		}
	}
	fmt.Println("all")
	return <-ended
}

// find opens the disk that the shelf is on.
func find() (*os.File, error) {
	for range 100 {
		all, err := filepath.Glob("/sys/block/*/serial")
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if b, err := os.ReadFile(p); err == nil && strings.TrimSpace(string(b)) == shelf.Serial {
				return os.OpenFile("/dev/"+filepath.Base(filepath.Dir(p)), os.O_RDWR, 0)
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("no disk says that it is %s", shelf.Serial)
}

// modules loads kernel modules with all they need.
func modules(names []string) error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err
	}
	dir := os.DirFS("/lib/modules/" + unix.ByteSliceToString(u.Release[:]))
	x, err := kmod.Load(dir)
	if err != nil {
		return err
	}
	steps, err := x.Order(names...)
	if err != nil {
		return err
	}
	for _, s := range steps {
		b, err := fs.ReadFile(dir, s.Path)
		if err != nil {
			return err
		}
		if err := unix.InitModule(b, ""); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("load %s: %w", s.Name, err)
		}
	}
	return nil
}
