package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine names what the figures were measured on.
func machine() string {
	var u unix.Utsname
	_ = unix.Uname(&u)
	info, _ := os.ReadFile("/proc/cpuinfo")
	model := "unknown CPU"
	for line := range strings.Lines(string(info)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			model = strings.TrimSpace(v)
			break
		}
	}
	return fmt.Sprintf("%d × %s, Linux %s, %s", runtime.NumCPU(), model, unix.ByteSliceToString(u.Release[:]), runtime.Version())
}

// load is the load average of the last minute.
func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	l, _, _ := strings.Cut(string(b), " ")
	return l
}

// install fetches the tools that Debian has and that are missing here.
func install(ctx context.Context) error {
	var missing []string
	for _, t := range []string{"fio", "nwipe"} {
		if _, err := exec.LookPath(t); err != nil {
			missing = append(missing, t)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	fmt.Println("installing", missing)
	script := `apt-get -qq -o DPkg::Lock::Timeout=300 update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >/dev/null`
	out, err := exec.CommandContext(ctx, "sh", append([]string{"-c", script, "sh"}, missing...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("install %v: %w: %s", missing, err, out)
	}
	return nil
}

// versions are the tools' own words.
func versions(ctx context.Context, nwipes []nwipe) (out []string) {
	for _, c := range [][]string{{"fio", "--version"}, {"dd", "--version"}, {"shred", "--version"}, {"openssl", "version"}, {"dpkg-query", "-W", "nwipe"}} {
		b, err := exec.CommandContext(ctx, c[0], c[1:]...).Output()
		first, _, _ := strings.Cut(string(b), "\n")
		if err != nil {
			first = c[0] + ": " + err.Error()
		}
		out = append(out, first)
	}
	for _, n := range nwipes {
		out = append(out, n.tool()+" ("+n.path+"), its fastest generator here is "+n.fastest)
	}
	return out
}
