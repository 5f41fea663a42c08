package sysfs

import (
	"fmt"
	"path"
	"strings"
)

// Enclosure is the slot of a drive and the enclosure it is in, by the SES driver,
// "" when no enclosure speaks for it. A server's own backplane and a shelf beside
// it look the same from here, so that this is only told, and holds nothing.
func (r Root) Enclosure(b Block) string {
	for _, n := range r.Names(b.Dir, "device") {
		slot, ok := strings.CutPrefix(n, "enclosure_device:")
		if !ok {
			continue
		}
		dir, err := r.Resolve(b.Dir, "device", n)
		if err != nil {
			return slot
		}
		dir = path.Dir(dir) // of the enclosure; its SCSI device is beside it
		who := strings.Join(strings.Fields(r.Text(dir, "device/vendor")+" "+r.Text(dir, "device/model")), " ")
		return strings.TrimSpace(fmt.Sprintf("%s of enclosure %s %s", slot, path.Base(dir), who))
	}
	return ""
}
