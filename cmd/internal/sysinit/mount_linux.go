package sysinit

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// wanted are the file systems that Lethe reads; u-root's init mounts them, but
// an image's init may be another one. Only the kernel's own stand here: a mount
// over a folder with files would hide them.
var wanted = []struct{ typ, target string }{
	{"proc", "/proc"},
	{"sysfs", "/sys"},
	{"devtmpfs", "/dev"},
}

const efivars = "/sys/firmware/efi/efivars"

func mountMissing(say func(Event)) {
	for _, m := range wanted {
		mount(m.typ, m.target, say)
	}
}

// mountEFI needs the efivarfs module, which comes after init's mounts.
func mountEFI(say func(Event)) {
	if _, err := os.Stat("/sys/firmware/efi"); err == nil {
		mount("efivarfs", efivars, say)
	}
}

func mount(typ, target string, say func(Event)) {
	// Run has checked this; but a mistake there must not change an ordinary
	// machine's mounts.
	if !InImage() || mounted(target) {
		return
	}
	if err := os.MkdirAll(target, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NOEXEC)
	if err := unix.Mount(typ, target, typ, flags, ""); err == nil {
		say(Mounted{typ, target})
	}
}

// mounted compares the device of a folder with that of its parent.
func mounted(target string) bool {
	var a, b unix.Stat_t
	if unix.Lstat(target, &a) != nil || unix.Lstat(target+"/..", &b) != nil {
		return false
	}
	return a.Dev != b.Dev
}
