package main

import (
	"fmt"
	"os"
	"strings"

	"lethe/inventory"
	"lethe/inventory/ata"
	"lethe/inventory/sysfs"
)

// helps says what may be done about a hold. What has no line here needs a person
// who knows the machine.
var helps = map[inventory.HoldKind]string{
	inventory.HoldMounted:    "unmount it",
	inventory.HoldSwap:       "swapoff it",
	inventory.HoldHeld:       "stop what is built on it",
	inventory.HoldBoot:       "boot the Lethe image to erase it",
	inventory.HoldReadOnly:   "take the write protection away",
	inventory.HoldMultipath:  "boot the Lethe image, which starts no multipath",
	inventory.HoldUnreadable: "run lethe as root; a drive that does not answer root must be destroyed",
	inventory.HoldRemote:     "erase it at the machine it sits in",
	inventory.HoldReserved:   "have the other host release it",
	inventory.HoldShared:     "take it out of the cluster, or erase it where it is local",
	inventory.HoldIdentity:   "destroy it, or attach it where it can say who it is",
	inventory.HoldDuplicate:  "take one of the two out",
	inventory.HoldZoned:      "erase it with its maker's tool; zoned drives are not supported yet",
}

// drive looks at one drive. A hold prevents the erase of a drive that is named; of
// any other it is told.
func (d *doctor) drive(x inventory.Device, named bool) {
	name, before := "drive "+x.Device.Node, len(d.checks)
	for _, h := range x.Holds {
		state := stateWarn
		if named {
			state = stateFail
		}
		d.add(finding{name, state, fmt.Sprintf("%s: %s", h.Kind, h.Detail), helps[h.Kind]})
	}
	d.commands(name, x)
	if w := raidWord(x); w != "" {
		d.fail(name, fmt.Sprintf("%q is a logical volume of a RAID controller; the drives behind it are not reached", w),
			"set the controller to HBA or JBOD mode")
	}
	for _, h := range x.Hidden {
		if strings.HasPrefix(h.State, "present") {
			d.warn(name, fmt.Sprintf("%s of %d bytes is present", h.Kind, h.Bytes), "it is printed as residual risk where no technique covers it")
		}
	}
	if x.Volume != "" {
		d.warn(name, "its storage is "+x.Volume+", so old blocks may remain elsewhere", "it earns no method")
	}
	if len(d.checks) == before {
		d.ok(name, "%s, free", x.Identity)
	}
}

// commands looks whether the drive's own commands get through to it, and what
// stands in their way.
func (d *doctor) commands(name string, x inventory.Device) {
	if x.Transport == sysfs.Virtio {
		d.warn(name, "virtio-blk passes no drive commands through", "attach it as SCSI, SATA or NVMe")
	}
	id, asked := identifyData(x)
	switch {
	case x.Transport == sysfs.SATA && id == nil && asked:
		d.warn(name, "its adapter does not pass ATA commands through, so the drive cannot be asked what it can do", "attach it to another port")
	case id == nil:
		return
	case id.Security().Locked:
		d.fail(name, "a password locks it (ATA Security, IDENTIFY word 128)", "unlock it, or destroy it")
	case id.Security().Frozen:
		d.warn(name, "the firmware froze its security commands (ATA Security, IDENTIFY word 128 bit 3), so SECURITY ERASE is out of reach; an overwrite works",
			"suspend and resume the machine, or plug the drive in while it runs")
	}
}

// identifyData is the drive's IDENTIFY DEVICE data, as it was answered, and
// whether it was asked for.
func identifyData(x inventory.Device) (id *ata.Identify, asked bool) {
	for _, e := range x.Evidence {
		if e.Name != ata.IdentifyCommand().Name {
			continue
		}
		asked = true
		if v, err := ata.ParseIdentify(e.Response); err == nil {
			return &v, true
		}
	}
	return nil, asked
}

// raidWords are what RAID controllers call the volumes they make, upper case. They
// never stand in the model of a drive.
var raidWords = []string{"PERC ", "MEGARAID", "LOGICAL VOLUME", "LOGICAL DISK", "SMART ARRAY", "SERVERAID", "RAID"}

func raidWord(x inventory.Device) string {
	if x.Transport != sysfs.SCSI && x.Transport != sysfs.SAS {
		return ""
	}
	word := strings.TrimSpace(x.Identity.Vendor + " " + x.Identity.Model)
	for _, w := range raidWords {
		if strings.Contains(strings.ToUpper(word), w) {
			return word
		}
	}
	return ""
}

// allowTPM is libata's switch for the TRUSTED SEND and RECEIVE commands.
const allowTPM = "/sys/module/libata/parameters/allow_tpm"

// tpm looks at the switch where a SATA drive is that might want it.
func (d *doctor) tpm(ds []inventory.Device) {
	b, err := os.ReadFile(allowTPM)
	on := strings.TrimSpace(string(b))
	for _, x := range ds {
		if id, _ := identifyData(x); id != nil && id.TrustedComputing() && err == nil && on != "1" {
			d.warn("libata", "it keeps TCG commands from SATA drives (allow_tpm="+on+"), "+x.Device.Node+" has them", "boot with libata.allow_tpm=1")
			return
		}
	}
}
