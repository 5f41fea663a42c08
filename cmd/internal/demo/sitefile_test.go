//go:build boot

package demo_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lethe/cmd/internal/demo"
	"lethe/image/site"
)

// What a site file can ask for besides depot and order, asked of a booted machine.
func TestSiteFile(t *testing.T) {
	t.Run("proxy-syslog", func(t *testing.T) { proxyAndSyslog(t) })
	t.Run("tftp-screen-keymap", func(t *testing.T) { tftpAndScreen(t) })
}

// proxyAndSyslog: the depot can be reached through a proxy only, and the log goes to
// a server. Every paper arrives, and no transcript or paper is in the log.
func proxyAndSyslog(t *testing.T) {
	var tunnels atomic.Int64
	proxy := serve(t, func(c net.Conn) { tunnels.Add(1); tunnel(c) })
	var mu sync.Mutex
	var heard bytes.Buffer
	log := serve(t, func(c net.Conn) {
		for r := bufio.NewReader(c); ; {
			line, err := octets(r)
			if err != nil {
				return
			}
			mu.Lock()
			fmt.Fprintf(&heard, "%s\n", line)
			mu.Unlock()
		}
	})
	o := options(t, image(t, "bin/lethe"), 16<<20)
	o.Site = func(s *site.Site) {
		s.Proxy = "http://10.0.2.2:" + proxy
		s.Syslog = &site.Syslog{Server: "tcp://10.0.2.2:" + log}
	}
	if res := run(t, o); !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	}
	if tunnels.Load() == 0 {
		t.Error("nothing went through the proxy")
	}
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d tunnels; the log server heard\n%s", tunnels.Load(), heard.String())
	for _, want := range []string{"lethe-demo", "intent acknowledged by the depot"} {
		if !strings.Contains(heard.String(), want) {
			t.Errorf("the log server did not hear %q", want)
		}
	}
	for _, not := range []string{`"prev":`, "%PDF", `"commitment"`} {
		if strings.Contains(heard.String(), not) {
			t.Errorf("the log has %q in it", not)
		}
	}
}

// tunnel is an HTTP proxy that knows CONNECT only. The guest's name for the host is
// its own, so that it goes to loopback.
func tunnel(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil || req.Method != http.MethodConnect {
		io.WriteString(c, "HTTP/1.1 405 CONNECT only\r\n\r\n")
		return
	}
	_, port, _ := net.SplitHostPort(req.Host)
	to, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		io.WriteString(c, "HTTP/1.1 502 nobody there\r\n\r\n")
		return
	}
	defer to.Close()
	io.WriteString(c, "HTTP/1.1 200 tunnel\r\n\r\n")
	go func() { io.Copy(to, r); to.Close() }()
	io.Copy(c, to)
}

// octets reads one message of syslog over TCP (RFC 6587, 3.4.1).
func octets(r *bufio.Reader) ([]byte, error) {
	var n int
	if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

// serve listens on loopback and returns the port.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// tftpAndScreen: nobody takes the papers but a TFTP server, which gets encrypted
// copies of them; they stay undelivered and the machine on, whatever is typed but the
// word for it. It is typed on the machine's own keyboard, which has the site's keymap.
func tftpAndScreen(t *testing.T) {
	dir := t.TempDir()
	key, public := ageKey(t, dir)
	in, port := tftpServer(t, dir)
	keymap := bkeymap(t, dir)
	picture := filepath.Join(dir, "screen.png")
	if keep := os.Getenv("SCREEN"); keep != "" {
		picture = keep
	}
	o := options(t, image(t, "bin/lethe"), 16<<20)
	o.QEMU = []string{"-device", "VGA"}
	o.Overlay = map[string][]byte{"etc/lethe/site.bmap": keymap}
	o.Site = func(s *site.Site) {
		s.Depot = ""
		s.TFTP = &site.TFTP{Server: "10.0.2.2:" + port, Recipients: []string{public}}
		s.Consoles, s.Keymap = []string{"tty0", "ttyS0,115200n8"}, "/etc/lethe/site.bmap"
	}
	o.BootTime = 6 * time.Minute
	copies := map[string][]byte{}
	o.During = func(ctx context.Context, m *demo.Running) error {
		for range 5 { // four drives and the summary
			said, err := m.Expect(ctx, `an encrypted copy of (\S+) is on the TFTP server; that is no delivery`)
			if err != nil {
				return err
			}
			pdf, err := decrypted(filepath.Join(in, said[1]+".age"), key)
			if err != nil {
				return err
			}
			copies[said[1]] = pdf
		}
		if _, err := m.Expect(ctx, `5 PAPERS ARE NOT DELIVERED[^\n]*`); err != nil {
			return err
		}
		if err := stays(ctx, m, 10*time.Second); err != nil { // the screen may be behind
			return err
		}
		if err := m.Screen(ctx, picture); err != nil {
			return err
		}
		// As this keymap has it: poweroff, and poweroff anyway.
		word := []string{"o", "i", "q", "w", "e", "i", "g", "g"}
		if err := m.Press(ctx, append(word, "ret")...); err != nil {
			return err
		}
		if err := stays(ctx, m, 5*time.Second); err != nil {
			return err
		}
		if err := m.Press(ctx, append(word, "spc", "s", "n", "t", "q", "s", "t", "ret")...); err != nil {
			return err
		}
		return m.Wait(ctx)
	}
	run(t, o)
	for name, pdf := range copies {
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("copy of %s is no PDF", name)
		}
	}
	if st, err := os.Stat(picture); err != nil || st.Size() < 1000 {
		t.Errorf("no picture of the screen: %v", err)
	}
}

func ageKey(t *testing.T, dir string) (file, public string) {
	t.Helper()
	file = filepath.Join(dir, "key.txt")
	if out, err := exec.Command("age-keygen", "-o", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("age-keygen", "-y", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return file, strings.TrimSpace(string(out))
}

func decrypted(file, key string) ([]byte, error) {
	var err error
	for range 40 { // the server closes it a moment after its last acknowledgement
		var pdf []byte
		if pdf, err = exec.Command("age", "-d", "-i", key, file).Output(); err == nil {
			return pdf, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, fmt.Errorf("decrypt copy: %w", err)
}

// tftpServer is Debian's, on loopback.
func tftpServer(t *testing.T, dir string) (in, port string) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	addr := c.LocalAddr().String()
	c.Close()
	in = filepath.Join(dir, "in")
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
	_, port, _ = net.SplitHostPort(addr)
	return in, port
}

// bkeymap is made by loadkeys, as the example of a site file says: the top row's
// letters have all moved one to the left.
func bkeymap(t *testing.T, dir string) []byte {
	t.Helper()
	var text strings.Builder
	text.WriteString("keymaps 0-1\n")
	row := "qwertyuiop"
	for i := range len(row) { // scan codes of the top row begin at 16
		fmt.Fprintf(&text, "keycode %d = %c\n", 16+i, row[(i+1)%len(row)])
	}
	// The middle row moves by one, too, for the f.
	middle := "asdfghjkl"
	for i := range len(middle) {
		fmt.Fprintf(&text, "keycode %d = %c\n", 30+i, middle[(i+len(middle)-1)%len(middle)])
	}
	bottom := "zxcvbnm" // as it is: what a map leaves out has no meaning
	for i := range len(bottom) {
		fmt.Fprintf(&text, "keycode %d = %c\n", 44+i, bottom[i])
	}
	text.WriteString("keycode 28 = Return\nkeycode 57 = space\n")
	name := filepath.Join(dir, "site.map")
	if err := os.WriteFile(name, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("loadkeys", "--bkeymap", name).Output()
	if err != nil {
		t.Fatalf("loadkeys: %v", err)
	}
	return out
}
