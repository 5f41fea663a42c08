package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
	"lethe/certs/marker"
	"lethe/cmd/internal/sysinit/fat"
	"lethe/inventory"
)

// stickDir is where the delivery stick is mounted in the booted machine.
const stickDir = "/run/lethe/stick"

// holdStick is the hold of the drive that the site names as its delivery stick.
const holdStick inventory.HoldKind = "delivery-stick"

// errNoStick says that the drive with the stick's serial number is not the
// stick: it bears no marker, or one that does not count.
var errNoStick = errors.New("it is not the delivery stick")

// stick is the delivery stick that the site file names. Whoever else wears its
// label or its marker is an ordinary drive.
type stick struct {
	serial string
	roots  *x509.CertPool // of the approvers of markers
	dir    string         // where it is mounted
	typ    fat.Type
	now    func() time.Time
	look   func(context.Context) []inventory.Device // for it to have come back
	say    func(string)
	warn   func(string)

	mu    sync.Mutex
	mount *fat.Mount // nil while it is not there
	ready bool       // it is mounted for writing and has its folders
	told  string     // the last trouble, so that it is told once
	// papers, by their tasks, that lie on the stick or need not: what those tasks could
	// have gone on with is taken away, and nothing more is left of them.
	paper map[string]bool
}

// among are the drives that may be the stick: named by serial number and of the
// kind that one plugs in.
func (s *stick) among(ds []inventory.Device) (found []int) {
	for i, d := range ds {
		if d.Identity.Serial == s.serial && (d.Transport == "usb" || d.Removable) {
			found = append(found, i)
		}
	}
	return found
}

// hold makes the drives that may be the stick holds, and returns which they are.
func (s *stick) hold(ds []inventory.Device) []int {
	found := s.among(ds)
	for _, i := range found {
		ds[i].Holds = append(slices.Clone(ds[i].Holds),
			inventory.Hold{Kind: holdStick, Detail: "the site file names it for the papers"})
	}
	return found
}

// take makes the stick a hold among the drives and only then looks at what is on
// it, read-only. A drive that has the serial number but not the marker is let go of again:
// it is a drive like any, erased where an order names it. Whatever else goes wrong
// leaves the hold.
func (s *stick) take(ds []inventory.Device) error {
	found := s.hold(ds)
	switch len(found) {
	case 0:
		return fmt.Errorf("no USB or removable drive has serial number %s", s.serial)
	case 1:
	default:
		return fmt.Errorf("%d drives have serial number %s: nobody can tell which is the stick", len(found), s.serial)
	}
	d := &ds[found[0]]
	err := s.open(*d)
	if errors.Is(err, errNoStick) {
		d.Holds = slices.DeleteFunc(d.Holds, func(h inventory.Hold) bool { return h.Kind == holdStick })
	}
	return err
}

// open mounts the first file system of the drive with a marker that counts.
func (s *stick) open(d inventory.Device) error {
	var not, bad error
	for _, v := range volumes(d) {
		err := s.openVolume(v, d)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errNoStick):
			not = errors.Join(not, err)
		default:
			bad = errors.Join(bad, err)
		}
	}
	if bad != nil {
		return bad
	}
	return not
}

type volume struct {
	node string
	dev  uint64
}

// volumes are the partitions of a drive, or the drive where it has none.
func volumes(d inventory.Device) []volume {
	var out []volume
	for _, p := range d.Partitions {
		out = append(out, volume{filepath.Join(filepath.Dir(d.NodePath), p.Name), unix.Mkdev(p.Major, p.Minor)})
	}
	if len(out) == 0 {
		out = append(out, volume{d.NodePath, unix.Mkdev(d.Major, d.Minor)})
	}
	return out
}

func (s *stick) openVolume(v volume, d inventory.Device) error {
	m, err := s.typ.ReadOnly(v.node, v.dev, s.dir)
	if errors.Is(err, fat.ErrNone) {
		return fmt.Errorf("%w: %w", errNoStick, err)
	}
	if err != nil {
		return err
	}
	if err := s.check(m.Dir(), d); err != nil {
		if cerr := m.Close(); cerr != nil {
			return errors.Join(errors.New(err.Error()), cerr) // still mounted: the hold must stay
		}
		return err
	}
	s.mount, s.ready = m, false
	return nil
}

// check reads the marker and holds it against the drive.
func (s *stick) check(dir string, d inventory.Device) error {
	b, err := readSmall(filepath.Join(dir, marker.Path), marker.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no %s on it", errNoStick, marker.Path)
	}
	if err != nil {
		return err
	}
	m, err := marker.Open(trimEnvelope(b), s.roots, s.now())
	if err == nil {
		err = m.Permits(s.now(), d.Identity)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNoStick, err)
	}
	return nil
}

// makeFolders makes the folders for papers and handovers, and flushes each new name.
func makeFolders(root string) error {
	return errors.Join(makeFolder(root, marker.Papers), makeFolder(root, marker.Handover))
}

func makeFolder(root, below string) error {
	dir := root
	for _, n := range strings.Split(below, "/") {
		if err := os.Mkdir(filepath.Join(dir, n), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make folder for papers: %w", err)
		}
		if err := durable.SyncDir(dir); err != nil {
			return err
		}
		dir = filepath.Join(dir, n)
	}
	return nil
}

// readSmall reads a file of at most limit bytes.
func readSmall(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only: nothing to lose
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", filepath.Base(name), limit)
	}
	return b, err
}

// orderPath is where the stick's order lies, "" without one.
func (s *stick) orderPath() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mount == nil || s.mount.Check() != nil {
		return ""
	}
	p := filepath.Join(s.mount.Dir(), marker.OrderPath)
	if st, err := os.Stat(p); err != nil || !st.Mode().IsRegular() {
		return ""
	}
	return p
}

// papers has do look at the folder of the papers, if the stick is there.
func (s *stick) papers(do func(dir string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mount != nil && s.mount.Check() == nil {
		do(filepath.Join(s.mount.Dir(), marker.Papers))
	}
}

// present reports whether the stick is mounted.
func (s *stick) present() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mount != nil
}
