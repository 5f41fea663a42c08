package main

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/inventory"
	"lethe/inventory/ata"
	"lethe/inventory/devio"
	"lethe/inventory/inventorytest"
)

// sata is a drive as it is listed, with further words of its IDENTIFY DEVICE data.
func sata(words map[int]uint16) inventory.Device {
	a := inventorytest.ATADrive{Serial: "S1", Model: "DISK", Sectors: 2048, Words: words}
	return inventory.Device{Device: record.Device{Node: "sda", Transport: "sata", Identity: record.Identity{Serial: "S1", Model: "DISK"}},
		Evidence: []devio.Evidence{{Name: ata.IdentifyCommand().Name, Response: a.IdentifyDevice(), Status: "ok"}}}
}

func TestDoctorDrive(t *testing.T) {
	raid := inventory.Device{Device: record.Device{Node: "sdb", Transport: "scsi", Identity: record.Identity{Vendor: "DELL", Model: "PERC H730 Mini", Serial: "1"}}}
	mute := sata(nil)
	mute.Evidence[0].Response = []byte{1}
	mounted := sata(nil)
	mounted.Holds = []inventory.Hold{{Kind: inventory.HoldMounted, Detail: "sda1 is mounted on /srv"}}
	hpa := sata(nil)
	hpa.Hidden = []record.HiddenArea{{Kind: "HPA", Bytes: 512, State: "present"}}
	for _, c := range []struct {
		name  string
		drive inventory.Device
		named bool
		state string
		say   string
	}{
		{"healthy", sata(nil), true, stateOK, "free"},
		// mutant: doctordrive.go: case id.Security().Frozen: => case false:
		{"frozen", sata(map[int]uint16{128: 0x0029}), true, stateWarn, "the firmware froze its security commands"},
		// mutant: doctordrive.go: case id.Security().Locked: => case false:
		{"locked", sata(map[int]uint16{128: 0x0027}), true, stateFail, "a password locks it"},
		{"no pass-through", mute, true, stateWarn, "does not pass ATA commands through"},
		// mutant: doctordrive.go: if w := raidWord(x); w != "" { => if w := raidWord(x); false {
		{"RAID volume", raid, true, stateFail, "logical volume of a RAID controller"},
		{"mounted, and named", mounted, true, stateFail, "sda1 is mounted on /srv"},
		{"mounted, and not named", mounted, false, stateWarn, "sda1 is mounted on /srv"},
		{"hidden area", hpa, true, stateWarn, "HPA of 512 bytes"},
	} {
		d := &doctor{}
		d.drive(c.drive, c.named)
		if len(d.checks) != 1 || d.checks[0].State != c.state || !strings.Contains(d.checks[0].Detail, c.say) {
			t.Errorf("%s: %+v; want one %s with %q", c.name, d.checks, c.state, c.say)
		}
	}
}

func TestDoctorClock(t *testing.T) {
	right := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		now     time.Time
		quality string
		want    string
	}{
		{right, "synchronised", stateOK},
		{right, "unauthenticated", stateWarn},
		// mutant: doctor.go: case now.Before(built): => case false:
		{time.Unix(0, 0), "synchronised", stateFail},
	} {
		d := &doctor{}
		d.clock(record.Clock{Quality: c.quality}, c.now)
		if d.checks[0].State != c.want {
			t.Errorf("%s, %s: %+v; want %s", c.now, c.quality, d.checks, c.want)
		}
	}
}

// examine runs lethe doctor --json and returns its status and its checks.
func (w *world) examine(args ...string) (int, []finding) {
	w.t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"doctor", "--json", "--papers", w.path("papers")}, args...)...)
	out, _ := cmd.Output() // the status says it
	var r struct {
		Prevented bool
		Checks    []finding
	}
	w.must(json.Unmarshal(out, &r))
	status := cmd.ProcessState.ExitCode()
	if r.Prevented != (status == 3) {
		w.t.Errorf("prevented %v, status %d", r.Prevented, status)
	}
	return status, r.Checks
}

// An order is validated with everything it names, and nothing is touched.
func TestDoctorOrder(t *testing.T) {
	w := newWorld(t).in(t)
	before := w.sums()
	for _, c := range []struct {
		name   string
		change func(*record.Order)
		status int
		say    string
	}{
		{"good", nil, 0, "signature good, for this machine"},
		{"nearly over", func(o *record.Order) { o.Window.NotAfter = record.At(time.Now().Add(10 * time.Minute)) }, 0, "start until"},
		{"for another machine", func(o *record.Order) { o.Machine.Serial = "TEST-2" }, 3, "order is for another machine"},
		{"for an absent drive", func(o *record.Order) { o.Drives[0].Serial = "GONE-1" }, 3, "GONE-1 is not found"},
		{"for Purge", func(o *record.Order) { o.Least = record.MethodPurge }, 3, "Purge is asked"},
	} {
		status, checks := w.examine(w.order(c.change)...)
		if status != c.status || !slices.ContainsFunc(checks, func(f finding) bool { return strings.Contains(f.Detail, c.say) }) {
			t.Errorf("%s: status %d, %+v; want %d with %q", c.name, status, checks, c.status, c.say)
		}
	}
	if after := w.sums(); !slices.Equal(before, after) {
		t.Error("the doctor touched a drive")
	}
	if _, err := os.Stat(w.path("papers")); err == nil {
		t.Error("the doctor made the folder for the papers")
	}
}

// A depot must answer, and lead to the root.
func TestDoctorDepot(t *testing.T) {
	w := newWorld(t).in(t)
	status := http.StatusOK
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }))
	s, err := w.root.Leaf(sign.RoleDepot, "Refusals depot", sign.Lasting(time.Now(), time.Hour), "127.0.0.1")
	w.must(err)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{s.Chain()[0].Raw}, PrivateKey: s}}}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the client's no is what is wanted
	srv.StartTLS()
	defer srv.Close()
	ask := func(trust string) finding {
		_, checks := w.examine("--depot", srv.URL, "--trust", trust)
		return checks[len(checks)-1]
	}
	_, root := w.key("root")
	if f := ask(root); f.State != stateOK {
		t.Errorf("%+v; want ok", f)
	}
	status = http.StatusNotFound
	if f := ask(root); f.State != stateFail {
		t.Errorf("%+v; want FAIL: it is no depot", f)
	}
	other, err := sign.NewAuthority("Stranger", sign.Lasting(time.Now(), time.Hour))
	w.must(err)
	w.must(other.Write(w.path("k"), w.path("c")))
	// mutant: doctorpapers.go: RootCAs: roots, MinVersion => InsecureSkipVerify: true, MinVersion
	status = http.StatusOK
	if f := ask(w.path("c")); f.State != stateFail {
		t.Errorf("%+v; want FAIL: it does not lead to that root", f)
	}
}
