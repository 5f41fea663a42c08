package sysinit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"lethe/image/kmod"
)

const modulesDir = "/lib/modules"

// alwaysPath is image.AlwaysPath, which is not imported: package image builds
// images and would bring its compressor into the agent.
const alwaysPath = "/etc/lethe/modules"

// loader loads modules and remembers what it has tried, so that walking sysfs
// again costs nothing for known devices.
type loader struct {
	dir     string
	index   *kmod.Index
	say     func(Event)
	tried   map[string]bool // modules
	aliases map[string]bool // modaliases
	loaded  int
}

// newLoader refuses to work outside of an image, for Run and Modprobe alike.
func newLoader(say func(Event)) (*loader, error) {
	if !InImage() {
		return nil, ErrNotImage
	}
	release, err := kernelRelease()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(modulesDir, release)
	x, err := kmod.Load(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	return &loader{dir: dir, index: x, say: say,
		tried: map[string]bool{}, aliases: map[string]bool{}}, nil
}

func kernelRelease() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fmt.Errorf("uname: %w", err)
	}
	return unix.ByteSliceToString(u.Release[:]), nil
}

// always loads what the image's profile lists.
func (l *loader) always() {
	b, err := os.ReadFile(alwaysPath)
	if err != nil {
		return
	}
	for _, name := range strings.Fields(string(b)) {
		l.load(name)
	}
	mountEFI(l.say)
}

// autoload loads for every device on every bus what its modalias asks for, and
// again for the devices that this brought, until a pass loads nothing new. It
// reports whether it loaded anything.
func (l *loader) autoload() bool {
	any := false
	for range 16 { // a bound against drivers that create devices for ever
		before := l.loaded
		for _, a := range modaliases("/sys/bus") {
			if !l.aliases[a] {
				l.aliases[a] = true
				for _, m := range l.index.Match(a) {
					l.load(m)
				}
			}
		}
		if l.loaded == before {
			return any
		}
		any = true
	}
	return any
}

func (l *loader) load(name string) {
	steps, err := l.index.Order(name)
	if err != nil {
		l.say(ModuleFailed{name, err})
	}
	for _, s := range steps {
		if l.tried[s.Name] {
			continue
		}
		l.tried[s.Name] = true
		err := insert(filepath.Join(l.dir, s.Path))
		switch {
		case err == nil:
			l.loaded++
		case !s.Optional && !harmless(err):
			l.say(ModuleFailed{s.Name, err})
		}
	}
}

// harmless are the answers of drivers that find no hardware of theirs: aliases
// are wider than drivers.
func harmless(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EOPNOTSUPP)
}

// insert loads one file, finit_module(2). A module that is there already is no
// error. The call returns when the driver has probed the devices it found,
// asynchronous probes included.
func insert(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return err
}

// modaliases returns the different modaliases of all devices on all buses; bus
// is /sys/bus. What belongs to no bus (input devices, the DMI table) needs no
// driver here, and a walk of all /sys/devices for it is several times slower.
func modaliases(bus string) []string {
	files, err := filepath.Glob(filepath.Join(bus, "*", "devices", "*", "modalias"))
	if err != nil {
		return nil // only for a bad pattern
	}
	seen := map[string]bool{}
	var out []string
	for _, p := range files {
		b, err := os.ReadFile(p)
		a := string(bytes.TrimSpace(b))
		if err == nil && a != "" && !seen[a] { // an error: it left while we looked
			seen[a] = true
			out = append(out, a)
		}
	}
	return out
}

// Modprobe is the kernel's helper (/proc/sys/kernel/modprobe, called as
// "modprobe -q -- NAME") and an operator's command. Names may be aliases;
// options are ignored, -r (remove) is refused. It returns an exit status.
func Modprobe(args []string) int {
	var names []string
	for _, a := range args {
		if a == "-r" || a == "--remove" {
			fmt.Fprintln(os.Stderr, "modprobe: removing is not supported")
			return 1
		}
		if !strings.HasPrefix(a, "-") {
			names = append(names, a)
		}
	}
	status := 0
	l, err := newLoader(func(e Event) {
		status = 1
		if len(args) > 0 && args[0] != "-q" {
			fmt.Fprintln(os.Stderr, "modprobe:", e)
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "modprobe:", err)
		return 1
	}
	for _, n := range names {
		l.load(n)
	}
	return status
}
