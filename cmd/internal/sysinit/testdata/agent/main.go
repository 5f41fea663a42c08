// Agent stands in for the lethe binary in tests of the image: it prepares the
// machine, prints what it found as lines a test can search, and does as the
// command line says.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"lethe/cmd/internal/sysinit"
	"lethe/image/site"
)

func main() {
	if status, ok := sysinit.Applet(os.Args); ok {
		os.Exit(status)
	}
	fmt.Printf("AGENT start args=%q tty=%v up=%s\n", os.Args[1:], term.IsTerminal(1), uptime())
	s, err := sysinit.Run(context.Background(), func(e sysinit.Event) {
		fmt.Printf("AGENT event %T: %s\n", e, e)
	})
	if err != nil {
		fmt.Println("AGENT error", err)
		os.Exit(1)
	}
	for _, d := range s.Disks {
		fmt.Printf("AGENT disk %s size=%s block=%s serial=%q path=%s\n", d, read("/sys/block", d, "size"),
			read("/sys/block", d, "queue/logical_block_size"), serial(d), link(d))
	}
	_ = s.Net.Ready(context.Background())
	b, _ := json.Marshal(s)
	fmt.Printf("AGENT state %s\n", b)
	fmt.Printf("AGENT ready up=%s\n", uptime())
	scribble(s)
	// A neighbour says its name now and then; who waits hears it.
	wait, _ := time.ParseDuration(os.Getenv("agent_wait"))
	time.Sleep(wait)
	stay(s)
	if s.Cmdline.PowerOff == site.AtEndDone {
		fmt.Println("AGENT last line")
		fmt.Println("AGENT power-off failed:", sysinit.PowerOff())
	}
}

// scribble writes a marker to the drive whose serial number the test names in
// the kernel's environment, and flushes it.
func scribble(s sysinit.State) {
	want := os.Getenv("agent_write")
	for _, d := range s.Disks {
		if want == "" || serial(d) != want {
			continue
		}
		f, err := os.OpenFile("/dev/"+d, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt([]byte("WRITTEN BY AGENT"), 4096)
		}
		if err == nil {
			err = f.Sync()
		}
		fmt.Printf("AGENT wrote %s: %v\n", d, err)
	}
}

func read(elem ...string) string {
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func serial(d string) string {
	for _, p := range []string{"serial", "device/serial"} {
		if s := read("/sys/block", d, p); s != "" {
			return s
		}
	}
	if s := read("/sys/block", d, "device/vpd_pg80"); len(s) > 4 {
		return strings.TrimSpace(s[4:])
	}
	return ""
}

func link(d string) string {
	l, _ := os.Readlink("/sys/block/" + d)
	return strings.TrimPrefix(l, "../devices/")
}

func uptime() string { return strings.Fields(read("/proc/uptime") + " ")[0] }
