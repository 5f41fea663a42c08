package boottest

import (
	"encoding/json"
	"fmt"
	"os"
)

// Fault makes one 512-byte sector of a drive fail: every request that touches it
// ends in EIO, and no other does (QEMU's blkdebug, inject-error). A drive of larger
// logical sectors fails the one around it. The sector's bytes on the host stay as
// they are. What the guest is told is the bus's own:
// QEMU says ABORTED COMMAND under SATA and SCSI, a write fault or an unrecovered
// read under NVMe.
type Fault struct {
	Sector int64
	Read   bool // reads fail
	Write  bool // writes fail
}

// rule is one inject-error rule in QEMU's schema (BlkdebugInjectErrorOptions).
type rule struct {
	Event  string `json:"event"`
	IOType string `json:"iotype"`
	Sector int64  `json:"sector"`
}

// fault returns what stands in front of the drive's file to make its sectors
// fail, as the value of -drive's file option.
func (d Drive) fault() (string, error) {
	driver := "file"
	if st, err := os.Stat(d.Path); err == nil && st.Mode()&os.ModeDevice != 0 {
		driver = "host_device"
	}
	var rules []rule
	for _, f := range d.Faults {
		if f.Sector < 0 || !f.Read && !f.Write {
			return "", fmt.Errorf("fault %+v makes nothing fail", f)
		}
		// Event none is there from the start and stays.
		if f.Read {
			rules = append(rules, rule{"none", "read", f.Sector})
		}
		if f.Write {
			rules = append(rules, rule{"none", "write", f.Sector})
		}
	}
	b, err := json.Marshal(map[string]any{"driver": "raw", "file": map[string]any{
		"driver": "blkdebug", "inject-error": rules,
		"image": map[string]any{"driver": driver, "filename": d.Path},
	}})
	return "json:" + string(b), err
}
