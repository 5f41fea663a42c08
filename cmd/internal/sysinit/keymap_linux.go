package sysinit

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"lethe/image/site"
)

// kdskbent is KDSKBENT of linux/kd.h: one entry of the keyboard's tables.
const kdskbent = 0x4B47

// noSuchMap is K_NOSUCHMAP of linux/keyboard.h: it would take the table away.
const noSuchMap = 0x027f

// loadKeymap gives the keyboard the site's meaning of its keys. Serial lines have
// keymaps of their own at their far end.
func loadKeymap(name string) error {
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("load keymap: %w", err)
	}
	keys, err := site.ParseKeymap(b)
	if err != nil {
		return fmt.Errorf("load keymap: %w", err)
	}
	f, err := os.OpenFile("/dev/tty0", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil // a machine without a screen needs no keymap
	}
	defer f.Close()
	for _, k := range keys {
		if k.Value == noSuchMap {
			continue
		}
		e := struct {
			table, index uint8
			value        uint16
		}{k.Table, k.Index, k.Value}
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), kdskbent, uintptr(unsafe.Pointer(&e))); errno != 0 {
			return fmt.Errorf("load keymap: table %d, key %d: %w", k.Table, k.Index, errno)
		}
	}
	return nil
}
