package sysinit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"lethe/image/kmod"
)

const modulesDir = "/lib/modules"

// alwaysPath is image.AlwaysPath, which is not imported: package image builds
// images and would bring its compressor into the agent.
const alwaysPath = "/etc/lethe/modules"

// atOnce bounds the modules that are loaded at the same time. It is far above
// the number of processors, since an adapter's driver waits for its drives to
// spin up and must not hold up the others.
const atOnce = 16

// loader loads modules and remembers what it has tried, so that walking sysfs
// again costs nothing for known devices.
type loader struct {
	dir   string
	index *kmod.Index
	list  moduleList
	say   func(Event)
	slots chan struct{}
	// insert loads one file with parameters; tests put another one here.
	insert func(file, params string) error

	mu      sync.Mutex
	jobs    map[string]chan struct{} // by module; closed when it is over
	aliases map[string]bool
	loaded  int
	busy    int
	closed  bool
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
	l := newLoaderOf(dir, x, say)
	if b, err := os.ReadFile(alwaysPath); err == nil {
		if l.list, err = parseModuleList(b); err != nil {
			return nil, err
		}
	}
	if words, err := os.ReadFile("/proc/cmdline"); err == nil {
		l.list.addCmdline(string(words), func(name string) bool {
			_, ok := x.Module(name)
			return ok
		})
	}
	return l, nil
}

func newLoaderOf(dir string, x *kmod.Index, say func(Event)) *loader {
	return &loader{dir: dir, index: x, say: say, insert: insert, slots: make(chan struct{}, atOnce),
		list: moduleList{Options: map[string]string{}},
		jobs: map[string]chan struct{}{}, aliases: map[string]bool{}}
}

func kernelRelease() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fmt.Errorf("uname: %w", err)
	}
	return unix.ByteSliceToString(u.Release[:]), nil
}

// coldplug loads for what is there when the machine starts: what the image's
// profile lists, and side by side with it what the devices ask for.
func (l *loader) coldplug() {
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		l.load(l.list.Load...)
		mountEFI(l.say)
	}()
	l.autoload()
	<-listed
}

// autoload loads for every device on every bus what its modalias asks for, and
// again for the devices that this brought, until a pass finds nothing new. It
// reports whether it loaded anything.
func (l *loader) autoload() bool {
	before := l.count()
	for range 16 { // a bound against drivers that create devices for ever
		if !l.loadAliases(modaliases("/sys/bus")...) {
			break
		}
	}
	return l.count() > before
}

// loadAliases loads for the modaliases that were not seen before and reports
// whether there were any.
func (l *loader) loadAliases(aliases ...string) bool {
	var names []string
	l.mu.Lock()
	fresh := false
	for _, a := range aliases {
		if !l.aliases[a] {
			l.aliases[a], fresh = true, true
			names = append(names, l.index.Match(a)...)
		}
	}
	l.mu.Unlock()
	l.load(names...)
	return fresh
}

// count returns how many modules were loaded.
func (l *loader) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.loaded
}

// idle reports that nothing is being loaded.
func (l *loader) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.busy == 0
}

// load loads the modules of the names and what they need, side by side as far
// as they do not need each other, and returns when all are over. Each is tried
// once.
func (l *loader) load(names ...string) {
	steps, err := l.index.Order(names...)
	if err != nil {
		l.say(ModuleFailed{fmt.Sprint(names), err})
	}
	for _, done := range l.start(steps) {
		<-done
	}
}

// start begins the steps that were not begun before and returns the ends of
// all. A step waits only for what was begun before it, so that no two wait for
// each other.
func (l *loader) start(steps []kmod.Step) []chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	var all []chan struct{}
	for _, s := range steps {
		done, ok := l.jobs[s.Name]
		if !ok {
			done = make(chan struct{})
			var after []chan struct{}
			for _, n := range s.After {
				after = append(after, l.jobs[n])
			}
			l.jobs[s.Name] = done
			l.busy++
			go l.run(s, after, done)
		}
		all = append(all, done)
	}
	return all
}

func (l *loader) run(s kmod.Step, after []chan struct{}, done chan struct{}) {
	for _, a := range after {
		<-a
	}
	l.slots <- struct{}{}
	err := l.insert(filepath.Join(l.dir, s.Path), l.list.Options[s.Name])
	<-l.slots
	if err != nil && !s.Optional && !harmless(err) {
		l.say(ModuleFailed{s.Name, err})
	}
	l.mu.Lock()
	if err == nil {
		l.loaded++
	}
	l.busy--
	l.mu.Unlock()
	close(done)
}

// harmless are the answers of drivers that find no hardware of theirs: aliases
// are wider than drivers.
func harmless(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EOPNOTSUPP)
}

// insert loads one file, finit_module(2). A module that is there already is no
// error. The call returns when the driver has probed the devices it found,
// asynchronous probes included.
func insert(name, params string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), params, 0)
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
