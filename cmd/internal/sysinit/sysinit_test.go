package sysinit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// On an ordinary machine, like the one that runs this test, nothing may happen.
// Ignoring the error of image() in Run turns this red. (Try that only under
// unshare --mount --net: the second line of defence is for mistakes, not tests.)
func TestRunOutsideTheImage(t *testing.T) {
	if InImage() {
		t.Error("InImage is true on the test machine")
	}
	_, err := Run(t.Context(), func(e Event) { t.Errorf("event %v", e) })
	if !errors.Is(err, ErrNotImage) {
		t.Errorf("Run = %v, want ErrNotImage", err)
	}
}

// Each part that acts refuses by itself, too. Removing the check in newLoader
// or mount turns this red. PowerOff, Reboot and Guard are not called: no test may
// hang the machine it runs on from one line of code.
func TestPartsRefuseOutsideTheImage(t *testing.T) {
	if InImage() {
		t.Fatal("InImage is true on the test machine; stopping before any harm")
	}
	if _, err := newLoader(func(Event) {}); !errors.Is(err, ErrNotImage) {
		t.Errorf("newLoader = %v, want ErrNotImage", err)
	}
	if status := Modprobe([]string{"-q", "--", "loop"}); status != 1 {
		t.Errorf("Modprobe = %d, want 1", status)
	}
	mountMissing(func(e Event) { t.Errorf("event %v", e) })
	mount("tmpfs", t.TempDir(), func(e Event) { t.Errorf("event %v", e) })
}

func TestAppletNames(t *testing.T) {
	for _, args := range [][]string{nil, {"lethe", "boot"}, {"/bin/lethe"}, {"xmodprobe"}} {
		if _, ok := Applet(args); ok {
			t.Errorf("Applet(%q) took over", args)
		}
	}
	if status, ok := Applet([]string{"/sbin/modprobe", "-r", "loop"}); !ok || status != 1 {
		t.Errorf("modprobe -r = %d, %v; want 1, true", status, ok)
	}
}

// tree makes files with their content below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, s := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWired(t *testing.T) {
	dir := tree(t, map[string]string{
		"eth0/type": "1\n", "eth0/device/x": "",
		"wlan0/type": "1\n", "wlan0/device/x": "", "wlan0/phy80211/x": "",
		"br0/type": "1\n",
		"lo/type":  "772\n", "lo/device/x": "",
		"ib0/type": "32\n", "ib0/device/x": "",
	})
	if diff := cmp.Diff([]string{"eth0"}, wired(dir)); diff != "" {
		t.Errorf("wired (-want +got):\n%s", diff)
	}
}

func TestModaliases(t *testing.T) {
	dir := tree(t, map[string]string{
		"pci/devices/0/modalias":   "pci:v1\n",
		"pci/devices/1/modalias":   "pci:v1\n",
		"pci/devices/2/modalias":   "\n",
		"pci/devices/3/uevent":     "MODALIAS=pci:v3\n",
		"usb/devices/1-1/modalias": "usb:v2\n",
		"usb/drivers/x/modalias":   "usb:v3\n",
	})
	got := modaliases(dir)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"pci:v1", "usb:v2"}, got); diff != "" {
		t.Errorf("modaliases (-want +got):\n%s", diff)
	}
}
