package deliver

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"lethe/certs/bundle"
)

// Debian's TFTP server takes a copy, and Debian's age, with a key that its age-keygen
// made, opens it.
func TestSealedCopyForeignTools(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key.txt")
	if out, err := exec.Command("age-keygen", "-o", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	public, err := exec.Command("age-keygen", "-y", key).Output()
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	addr := c.LocalAddr().String()
	c.Close()
	in := filepath.Join(dir, "in")
	if err := os.Mkdir(in, 0o777); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("/usr/sbin/in.tftpd", "-L", "-4", "-a", addr, "-c", "-u", "root", "-s", in)
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // and its children, one a transfer
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		_ = server.Wait()
	})

	s, err := NewSealed(addr, []string{string(bytes.TrimSpace(public))})
	if err != nil {
		t.Fatal(err)
	}
	pdf := make([]byte, 3<<20)
	r := rand.New(rand.NewPCG(4, 4))
	for i := range pdf {
		pdf[i] = byte(r.Uint32())
	}
	b := bundle.Bundle{Name: "LETHE-7.pdf", PDF: pdf}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) { // until the server listens
		if err = s.Send(t.Context(), b); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	plain, err := exec.Command("age", "--decrypt", "-i", key, filepath.Join(in, b.Name+".age")).Output()
	if err != nil || !bytes.Equal(plain, pdf) {
		t.Errorf("%d bytes, %v", len(plain), err)
	}
}
