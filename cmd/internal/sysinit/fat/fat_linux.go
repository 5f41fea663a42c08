// Package fat mounts the FAT file system of a delivery stick, and nothing else.
//
// A stick is mounted read-only first: mounting it to write changes the medium,
// which must not happen before its marker has been checked. Programs, device
// files and set-user-ID bits on it count for nothing. It prints nothing.
package fat

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrGone says that the folder is no longer (or never was) the mounted stick.
var ErrGone = errors.New("it is not mounted any more")

// ErrNone says that there is no file system of the type on the device.
var ErrNone = errors.New("it has no such file system")

const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOSYMFOLLOW

// Type is a kind of file system and the options it is mounted with.
type Type struct{ Name, Options string }

// FAT is what sticks have. After a fault in its tables it takes nothing more,
// rather than nonsense. (A kernel without FAT can be tested with another Type.)
var FAT = Type{"vfat", "umask=0077,errors=remount-ro"}

// Mount is one mounted file system.
type Mount struct {
	typ Type
	dir string
	dev uint64
}

// ReadOnly mounts the block device node, which must have the number dev (as in
// st_rdev), on dir, which is made where it is missing and must be empty. Which
// device it is is checked once more on the mounted file system: a name in /dev
// can change its meaning.
func (t Type) ReadOnly(node string, dev uint64, dir string) (*Mount, error) {
	if err := emptyDir(dir); err != nil {
		return nil, fmt.Errorf("mount %s: %w", node, err)
	}
	err := unix.Mount(node, dir, t.Name, flags|unix.MS_RDONLY, t.Options)
	if errors.Is(err, unix.EINVAL) {
		err = fmt.Errorf("%w (%s)", ErrNone, t.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("mount %s: %w", node, err)
	}
	m := &Mount{t, dir, dev}
	if err := m.Check(); err != nil {
		return nil, errors.Join(fmt.Errorf("mount %s: %w", node, err), unix.Unmount(dir, unix.MNT_DETACH))
	}
	return m, nil
}

// emptyDir refuses a folder with files, which the mount would hide, and one that
// is a mount point already.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	es, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var here, up unix.Stat_t
	if err := errors.Join(unix.Lstat(dir, &here), unix.Lstat(dir+"/..", &up)); err != nil {
		return err
	}
	if len(es) > 0 || here.Dev != up.Dev {
		return fmt.Errorf("%s is not an empty folder", dir)
	}
	return nil
}

// Dir is where it is mounted.
func (m *Mount) Dir() string { return m.dir }

// Check is nil while the folder is the root of the mounted device, else an error
// that wraps ErrGone: what is written there then would stay in memory. It does not
// ask the device itself.
func (m *Mount) Check() error {
	var st unix.Stat_t
	if err := unix.Stat(m.dir, &st); err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	if st.Dev != m.dev {
		return fmt.Errorf("%w: device %d:%d, want %d:%d", ErrGone, unix.Major(st.Dev), unix.Minor(st.Dev),
			unix.Major(m.dev), unix.Minor(m.dev))
	}
	return nil
}

// Writable lets files be written from now on.
func (m *Mount) Writable() error {
	if err := m.Check(); err != nil {
		return err
	}
	if err := unix.Mount("", m.dir, "", flags|unix.MS_REMOUNT, m.typ.Options); err != nil {
		return fmt.Errorf("mount %s for writing: %w", m.dir, err)
	}
	return nil
}

// Close writes everything back and takes the file system away: the stick may be
// removed when it returns nil.
func (m *Mount) Close() error {
	if err := m.Check(); err != nil {
		return err
	}
	d, err := os.Open(m.dir)
	if err != nil {
		return err
	}
	err = unix.Syncfs(int(d.Fd()))
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	if uerr := unix.Unmount(m.dir, 0); uerr != nil {
		err = errors.Join(err, fmt.Errorf("unmount %s: %w", m.dir, uerr))
	}
	return err
}

// Drop takes away the file system of a stick that does not answer any more; it
// waits for nothing. It is no error when nothing was mounted.
func (m *Mount) Drop() {
	if m.Check() == nil {
		_ = unix.Unmount(m.dir, unix.MNT_DETACH) // nothing better can be done
	}
}
