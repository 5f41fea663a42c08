package sysinit

import (
	"bytes"
	"errors"
	"strings"
)

// uevent is one message of the kernel about a device (kobject_uevent(),
// lib/kobject_uevent.c): "ACTION@DEVPATH" and then KEY=VALUE words, each ended
// by a NUL.
type uevent struct {
	Action    string // add, remove, change, bind, …
	Path      string // below /sys, begins with a slash
	Subsystem string
	Type      string // DEVTYPE, e.g. disk or partition
	Name      string // DEVNAME, e.g. sda; without /dev/
	Modalias  string
}

// errUevent is returned for bytes that are no message of the kernel; udev's
// own, which begin with "libudev", are among them.
var errUevent = errors.New("not a kernel uevent")

// maxUevent is more than the kernel's buffer (UEVENT_BUFFER_SIZE, 2048) and the
// heading before it can hold.
const maxUevent = 8192

func parseUevent(b []byte) (uevent, error) {
	if len(b) > maxUevent || !bytes.HasSuffix(b, []byte{0}) {
		return uevent{}, errUevent
	}
	words := strings.Split(string(b[:len(b)-1]), "\x00")
	action, path, ok := strings.Cut(words[0], "@")
	if !ok || action == "" || strings.Contains(action, "=") || !strings.HasPrefix(path, "/") {
		return uevent{}, errUevent
	}
	e := uevent{Action: action, Path: path}
	for _, w := range words[1:] {
		key, val, _ := strings.Cut(w, "=")
		switch key {
		case "ACTION":
			ok = ok && val == action
		case "DEVPATH":
			ok = ok && val == path
		case "SUBSYSTEM":
			e.Subsystem = val
		case "DEVTYPE":
			e.Type = val
		case "DEVNAME":
			e.Name = strings.TrimPrefix(val, "/dev/")
		case "MODALIAS":
			e.Modalias = val
		}
	}
	if !ok {
		return uevent{}, errUevent // heading and body contradict each other
	}
	return e, nil
}

// drive tells whether the message is about a whole drive.
func (e uevent) drive() bool { return e.Subsystem == "block" && e.Type == "disk" }
