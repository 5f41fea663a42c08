package devio

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"lethe/inventory/sysfs"
)

// fileSystems are statfs types Lethe knows by name. cow ones never overwrite a
// block in place, so writing over a file leaves its old blocks behind.
var fileSystems = map[int64]struct {
	name string
	cow  bool
}{
	unix.BTRFS_SUPER_MAGIC:     {"btrfs", true},
	0x2fc12fc1:                 {"zfs", true},
	0xca451a4e:                 {"bcachefs", true},
	unix.OVERLAYFS_SUPER_MAGIC: {"overlayfs", true},
	unix.F2FS_SUPER_MAGIC:      {"f2fs", true},
	unix.NILFS_SUPER_MAGIC:     {"nilfs2", true},
	unix.EXT4_SUPER_MAGIC:      {"ext4", false},
	unix.TMPFS_MAGIC:           {"tmpfs", false},
	unix.XFS_SUPER_MAGIC:       {"xfs", false},
	unix.MSDOS_SUPER_MAGIC:     {"vfat", false},
	unix.EXFAT_SUPER_MAGIC:     {"exfat", false},
	unix.RAMFS_MAGIC:           {"ramfs", false},
}

// loopStatus asks a loop device for its backing. The file's name is only used
// to look up its file system, and only while it still is the same file.
func loopStatus(root sysfs.Root, b sysfs.Block, f *os.File) (*LoopStatus, error) {
	var info unix.LoopInfo64
	if _, err := ioctl(f, unix.LOOP_GET_STATUS64, unsafe.Pointer(&info)); err != nil {
		return nil, &TransportError{Name: "LOOP_GET_STATUS64", Err: err}
	}
	l := &LoopStatus{
		Major: unix.Major(info.Device), Minor: unix.Minor(info.Device),
		Inode: info.Inode, Offset: info.Offset, File: root.Attr(b, "loop/backing_file"),
	}
	l.Volume = unknownVolume
	if info.Rdevice != 0 {
		l.Block = fmt.Sprintf("%d:%d", unix.Major(info.Rdevice), unix.Minor(info.Rdevice))
		return l, nil
	}
	l.volume(root)
	return l, nil
}

// unknownVolume is what may or may not overwrite in place. It earns no method, as
// copy-on-write does: a file that was deleted, or lies in another mount namespace,
// must not look better than one that can be looked at.
const unknownVolume = "unknown"

func (l *LoopStatus) volume(root sysfs.Root) {
	var st unix.Stat_t
	var fs unix.Statfs_t
	p := root.Join(l.File)
	if unix.Stat(p, &st) != nil || st.Ino != l.Inode || unix.Major(st.Dev) != l.Major || unix.Minor(st.Dev) != l.Minor ||
		unix.Statfs(p, &fs) != nil {
		return
	}
	l.FileSystem, l.Volume = fileSystem(fs)
}

// fileSystem names a file system, and the kind of volume it makes of a file.
func fileSystem(fs unix.Statfs_t) (name, volume string) {
	kind, known := fileSystems[int64(fs.Type)]
	switch {
	case !known:
		volume = unknownVolume
	case kind.cow:
		volume = "copy-on-write"
	}
	return kind.name, volume
}

// LoopBelow is the device number of the block device that a loop device lies on,
// ok false where that is a file or the loop device has been detached. Neither the
// kernel's list of holders nor the text of backing_file, which is a path of
// whoever attached it, tells it reliably.
//
// It is one open and one ioctl(2): every worker asks every loop device of the machine.
func LoopBelow(root sysfs.Root, name string) (major, minor uint32, ok bool, err error) {
	fd, err := openRetry(root.Join(sysfs.Node(name)), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if err != nil {
		return 0, 0, false, notAttached(name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	var info unix.LoopInfo64
	if _, err := ioctl(f, unix.LOOP_GET_STATUS64, unsafe.Pointer(&info)); err != nil {
		return 0, 0, false, notAttached(name, err)
	}
	return unix.Major(info.Rdevice), unix.Minor(info.Rdevice), info.Rdevice != 0, nil
}

// notAttached takes the error of a loop device that has been detached for none.
func notAttached(name string, err error) error {
	if errors.Is(err, unix.ENXIO) {
		return nil
	}
	return fmt.Errorf("cannot tell what %s is attached to: %w", name, err)
}
