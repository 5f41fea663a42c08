package main

import (
	"strings"
	"testing"
	"time"
)

const fioOut = `note: both iodepth >= 1 and synchronous I/O engine are selected, queue depth will be capped at 1
{
  "fio version" : "fio-3.33",
  "jobs" : [
    {"jobname" : "drive0", "error" : 0,
     "read" : {"io_bytes" : 0, "bw_bytes" : 0},
     "write" : {"io_bytes" : 1073741824, "bw_bytes" : 5965232355}}
  ]
}`

func TestParseFio(t *testing.T) {
	if got, err := parseFio([]byte(fioOut), "write"); err != nil || got != 5965232355 {
		t.Errorf("parseFio = %v, %v", got, err)
	}
	for _, bad := range []string{"", "fio: nothing", strings.Replace(fioOut, `"error" : 0`, `"error" : 5`, 1), `{"jobs":[]}`} {
		if got, err := parseFio([]byte(bad), "write"); err == nil {
			t.Errorf("parseFio(%q) = %v", bad, got)
		}
	}
	if _, err := parseFio([]byte(fioOut), "read"); err == nil {
		t.Error("a read that moved nothing has a throughput")
	}
}

func FuzzParseFio(f *testing.F) {
	f.Add([]byte(fioOut))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = parseFio(b, "write") })
}

func TestParseDD(t *testing.T) {
	if s, err := parseDD("1+0 records out\n1073741824 bytes (1.1 GB, 1.0 GiB) copied, 0.639378 s, 1.7 GB/s\n"); err != nil || s != 0.639378 {
		t.Errorf("parseDD = %v, %v", s, err)
	}
	if _, err := parseDD("dd: no space left"); err == nil {
		t.Error("a failed dd has a time")
	}
}

func TestParseNwipe(t *testing.T) {
	if v := parseVersion("nwipe version 0.42\n"); v != "0.42" {
		t.Errorf("version %q; want 0.42", v)
	}
	g, direct := parseHelp("  -p, --prng=METHOD       PRNG option (mersenne|twister|isaac|isaac64)\n")
	if strings.Join(g, " ") != "isaac64 isaac mersenne" || direct {
		t.Errorf("0.34 offers %v, direct %v", g, direct)
	}
	g, direct = parseHelp("\x1b[1;96m      --directio\n\x1b[0m  mersenne | twister\n isaac\n splitmix64\n aes_ctr_prng\n chacha20\n")
	if strings.Join(g, " ") != "splitmix64 aes_ctr_prng chacha20 isaac mersenne" || !direct {
		t.Errorf("0.42 offers %v, direct %v", g, direct)
	}
}

// nwipe ends with 0 in more cases than those in which it has erased.
func TestFailedWipe(t *testing.T) {
	row := "!   Device | Status | Thru-put | HH:MM:SS | Model/Serial Number\n     loop1 | Erased | 1520 MB/s | 00:00:01 | Loopback device/\n"
	if err := failedWipe(row); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", strings.Replace(row, "| Erased |", "|-FAILED-|", 1), row + "loop2 |-FAILED-| "} {
		if failedWipe(bad) == nil {
			t.Errorf("failedWipe(%q) = nil", bad)
		}
	}
}

func TestParseProc(t *testing.T) {
	if d := parseStat([]byte("cpu  100 20 300 9999 50 7 3 0 0 0\ncpu0 1\n")); d != 4300*time.Millisecond {
		t.Errorf("busy %v; want 4.3 s", d)
	}
	if n := parseKB([]byte("00400000-7ffc [rollup]\nRss:    21296 kB\nPss:    16714 kB\nPss_Dirty: 1 kB\n"), "Pss:"); n != 16714<<10 {
		t.Errorf("PSS %d; want %d", n, 16714<<10)
	}
}
