//go:build long

package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	img "lethe/image"
	"lethe/image/boottest"
	"lethe/inventory/inventorytest/nvmetcp"
	"lethe/inventory/inventorytest/simnvme"
)

const (
	driveNQN  = "nqn.2026-01.test:vm"
	driveSize = 16 << 20
)

// guestImage is a boot image around a stand-in agent, with the host side of NVMe/TCP.
func guestImage(t *testing.T) (kernel, initrd string) {
	t.Helper()
	dir := t.TempDir()
	agent := filepath.Join(dir, "agent")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", agent, "lethe/cmd/internal/demo/testdata/nvmeguest")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build agent: %v\n%s", err, out)
	}
	p, err := img.ProfileByName("vm")
	if err != nil {
		t.Fatal(err)
	}
	p.Modules = append(p.Modules, "nvme_tcp")
	p.Always = append(p.Always, "nvme_tcp")
	_, err = img.Build(t.Context(), img.Options{Profile: p, Lethe: agent, Version: "test",
		Lock: "image/kernel/kernel.lock", URoot: "image/uroot", Cache: "out/cache", Out: dir})
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd.img")
}

// TestNVMeDrive: a real kernel, its ioctls and our codecs on a drive that goes on with
// its work when the machine dies.
func TestNVMeDrive(t *testing.T) {
	kernel, initrd := guestImage(t)
	clock := simnvme.NewManual() // the drive's time is the test's
	medium := make(simnvme.Memory, driveSize)
	copy(medium, bytes.Repeat([]byte{0xaa}, driveSize))
	drive := simnvme.New(simnvme.Config{Model: "SIMULATED NVME", Serial: "SIM-VM-1", Firmware: "1", NQN: driveNQN,
		Sanicap: 7, OACS: 2, FNA: 4, DLFEAT: 1, Capacity: driveSize, Estimates: true,
		Takes: simnvme.Durations{Overwrite: 40 * time.Second}},
		[]simnvme.Namespace{{ID: 1, Size: driveSize, NGUID: [16]byte{0x5e, 15: 1}, Attached: []uint16{1}}}, medium, clock)
	target, err := nvmetcp.Serve("127.0.0.1:0", drive, driveNQN, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	line := nvmetcp.Options("10.0.2.2", strconv.Itoa(target.Addr().Port), driveNQN)
	start := func(words string) (*boottest.VM, context.Context) {
		t.Helper()
		ctx, cancel := context.WithCancelCause(t.Context())
		t.Cleanup(func() { cancel(nil) })
		vm, err := boottest.Start(ctx, boottest.Config{Kernel: kernel, Initrd: initrd, Network: true,
			Append: fmt.Sprintf("nvme_drive=%s %s", line, words)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(vm.Close)
		late := time.AfterFunc(5*time.Minute, func() { cancel(context.DeadlineExceeded) })
		t.Cleanup(func() { late.Stop() })
		return vm, ctx
	}
	expect := func(vm *boottest.VM, ctx context.Context, patterns ...string) {
		t.Helper()
		for _, p := range patterns {
			if _, err := vm.Expect(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
	}

	vm, ctx := start("")
	expect(vm, ctx, `GUEST drive /dev/nvme0n1 .*SIM-VM-1.* 16777216`, `at first reads aa <nil>`,
		`GUEST supports <nil> <nil>`, `told NVMe FORMAT NVM, SES 1 \| 80 nsid 00000001 cdw10-15 00000200 .* \| ok`,
		`formatted reads 00 <nil>`, `written reads 77 <nil>`,
		`told NVMe SANITIZE, overwrite \| 84 nsid 00000000 cdw10-15 00000213 5a5a5a5a .* \| ok`,
		`meanwhile reads 11 .*input/output error`, `progress 0 done false estimate 40s`)
	clock.Add(10 * time.Second)
	expect(vm, ctx, `progress 16384 done false`)
	vm.Close() // SIGKILL: no word of farewell
	clock.Add(10 * time.Second)
	if n := bytes.Count(peek(t, drive), []byte{0x5a}); n != driveSize/2 {
		t.Errorf("%d bytes are erased after half the time, with the machine dead for half of it", n)
	}

	vm, ctx = start("nvme_again=1")
	expect(vm, ctx, `GUEST drive /dev/nvme0n1 .*SIM-VM-1.* 16777216`, `GUEST recovery attached <nil>`,
		`meanwhile reads 11 .*input/output error`, `progress 32768 done false estimate 40s`)
	clock.Add(20 * time.Second)
	expect(vm, ctx, `progress 65536 done true`, `after state 1 erased true dword10 00000213 media errors 0`,
		`sanitized reads 5a <nil>`, `GUEST end`)
	if n := bytes.Count(peek(t, drive), []byte{0x5a}); n != driveSize {
		t.Errorf("%d bytes of %d are erased", n, driveSize)
	}
	if got := drive.Commands(); len(got) != 2 || got[0] != "format" || got[1] != "sanitize" {
		t.Errorf("the drive was given %v", got)
	}
}

func peek(t *testing.T, d *simnvme.Subsystem) []byte {
	t.Helper()
	b := make([]byte, driveSize)
	if err := d.Peek(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}
