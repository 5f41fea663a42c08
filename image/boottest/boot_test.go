package boottest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lethe/image"
	"lethe/image/boottest"
	"lethe/image/initramfs"
)

// build makes the image once for all tests, with the stand-in agent of package
// sysinit in place of lethe, from the cache that "lethe-image build" uses.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lethe-image-*")
	if err != nil {
		return "", err
	}
	agent := filepath.Join(dir, "agent")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", agent,
		"lethe/cmd/internal/sysinit/testdata/agent")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build agent: %w\n%s", err, out)
	}
	p, err := image.ProfileByName("vm")
	if err != nil {
		return dir, err
	}
	_, err = image.Build(context.Background(), image.Options{
		Profile: p, Lethe: agent, Version: "test", Lock: "../kernel/kernel.lock",
		URoot: "../uroot", Cache: "../../out/cache", Out: dir,
	})
	return dir, err
})

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, _ := build(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// boot starts the image and gives up after three minutes.
func boot(t *testing.T, c boottest.Config) (*boottest.VM, context.Context) {
	t.Helper()
	return bootWithin(t, 3*time.Minute, c)
}

func bootWithin(t *testing.T, limit time.Duration, c boottest.Config) (*boottest.VM, context.Context) {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	c.Kernel, c.Initrd = filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd.img")
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	vm, err := boottest.Start(ctx, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vm.Close)
	// From here on, for it may have waited for its turn.
	late := time.AfterFunc(limit, func() { cancel(context.DeadlineExceeded) })
	t.Cleanup(func() { late.Stop() })
	t.Log(vm.Command())
	return vm, ctx
}

func expect(t *testing.T, ctx context.Context, vm *boottest.VM, pattern string) []string {
	t.Helper()
	m, err := vm.Expect(ctx, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func blank(t *testing.T, name string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(p, 8<<20); err != nil {
		t.Fatal(err)
	}
	return p
}

// loopDevice attaches a file to a free loop device until the test ends.
func loopDevice(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command("losetup", "-f", "--show", file).Output()
	if err != nil {
		t.Fatalf("losetup: %v", err)
	}
	dev := strings.TrimSpace(string(out))
	t.Cleanup(func() { exec.Command("losetup", "-d", dev).Run() })
	return dev
}

// TestBoot is the whole way: every bus, one drive a loop device of the host,
// the network, the last line before the power-off, and a write that reaches the
// host's file.
func TestBoot(t *testing.T) {
	drives := map[string]boottest.Drive{
		"SATA-1": {Bus: boottest.SATA, Model: "LETHE TEST", WWN: 0x5000c50012345678, RPM: 7200},
		"IDE-1":  {Bus: boottest.IDE},
		"NVME-1": {Bus: boottest.NVMe, Logical: 4096},
		"VIRT-1": {Bus: boottest.Virtio},
		"SCSI-1": {Bus: boottest.SCSI, Logical: 4096, Model: "ACME DISK"},
		"USB-1":  {Bus: boottest.USB, Removable: true},
		"UAS-1":  {Bus: boottest.UAS},
	}
	c := boottest.Config{Network: true, Append: "lethe.poweroff agent_write=VIRT-1",
		Machine: boottest.Machine{Serial: "MACHINE-1"}}
	files := map[string]string{}
	for serial, d := range drives {
		files[serial] = blank(t, serial)
		d.Serial, d.Path = serial, files[serial]
		if serial == "VIRT-1" {
			d.Path = loopDevice(t, d.Path)
		}
		c.Drives = append(c.Drives, d)
	}
	start := time.Now()
	vm, ctx := boot(t, c)
	expect(t, ctx, vm, `AGENT start args=\["boot"\] tty=true`)
	userland := time.Since(start)
	// Under TCG with two busy cores; a hang of init's would be minutes.
	ready := expect(t, ctx, vm, `AGENT ready up=(\S+)`)
	t.Logf("userland after %.1f s, ready after %.1f s (guest: %s s)",
		userland.Seconds(), time.Since(start).Seconds(), ready[1])
	if err := vm.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	out := vm.Output()
	for serial, d := range drives {
		sectors, block := 8<<20/512, 512
		if d.Logical != 0 {
			block = d.Logical
		}
		// USB's bulk-only disk shows its serial number only by INQUIRY.
		want := fmt.Sprintf(`AGENT disk \w+ size=%d block=%d serial="%s`, sectors, block, serial)
		if d.Bus == boottest.USB {
			want = fmt.Sprintf(`AGENT disk \w+ size=%d block=%d serial="\S*" path=pci\S*/usb\d+/\S*block`, sectors, block)
		}
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no line matches %q", want)
		}
	}
	for _, want := range []string{"Leased: eth0: address 10.0.2.15/24", "unauthenticated RTC",
		"AGENT last line", "profile vm"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q", want)
		}
	}
	if strings.Contains(out, "ModuleFailed") || t.Failed() {
		t.Errorf("output:\n%s", out)
	}
	got, err := os.ReadFile(files["VIRT-1"])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(got[4096:], []byte("WRITTEN BY AGENT")) {
		t.Error("the guest's write is not in the host's file behind the loop device")
	}
}

// TestGuard: when the agent ends, or is killed, the machine must live on, with a
// shell where the site and the command line say so (with Guard returning, u-root's
// init panics the kernel).
// The overlay's site file rules: its time server is asked and the clock set.
func TestGuard(t *testing.T) {
	ahead := 90 * time.Minute
	site := fmt.Sprintf(`{"version":1,"ntp":["10.0.2.2:%d"],"stepClock":true,"permit":["lethe.list","lethe.shell"]}`,
		ntpServer(t, ahead))
	over, err := initramfs.Pack(initramfs.Fast,
		initramfs.File{Path: "etc/lethe/site.json", Mode: 0o600, Data: []byte(site)})
	if err != nil {
		t.Fatal(err)
	}
	vm, ctx := boot(t, boottest.Config{Network: true, Overlays: [][]byte{over},
		Append: "lethe.poweroff lethe.list lethe.shell"})
	expect(t, ctx, vm, `WordRefused: command line: lethe\.poweroff`)
	expect(t, ctx, vm, `clock: ntp:10\.0\.2\.2:\d+, synchronised, offset 1h(29m5\d|30m\d)(\.\d+)?s \(set\)`)
	expect(t, ctx, vm, `AGENT ready`)
	expect(t, ctx, vm, `lethe ended: done`)
	if err := vm.Send("ls -l /etc/lethe\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `-rw------- root .* site\.json`)
	// The kernel's helper, by alias, with - for _.
	if err := vm.Send("modprobe nls-iso8859-1; lsmod\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `nls_iso8859_1 `)
	if err := vm.Send("exit\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, vm, `This is a shell`)
	if err := vm.Send("reboot\n"); err != nil {
		t.Fatal(err)
	}
	if err := vm.Wait(ctx); !errors.Is(err, boottest.ErrNotPowerOff) || !strings.Contains(err.Error(), "reset") {
		t.Errorf("Wait = %v, want ErrNotPowerOff by a reset", err)
	}
}

// TestClose pulls the plug: no process and no file may stay behind.
func TestClose(t *testing.T) {
	vm, ctx := boot(t, boottest.Config{})
	pid := vm.PID()
	dir := regexp.MustCompile(`unix:(\S+)/qmp,`).FindStringSubmatch(vm.Command())[1]
	vm.Close()
	if err := vm.Wait(ctx); !errors.Is(err, boottest.ErrNotPowerOff) {
		t.Errorf("Wait = %v, want ErrNotPowerOff", err)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}
