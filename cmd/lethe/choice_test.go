package main

import (
	"bytes"
	"flag"
	"io"
	"strings"
	"testing"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/inventory"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// A drive's own commands are told in a sentence: what they earn, by whose word the drive
// has them, how they are verified.
//
// mutant: choice.go: if len(t.Acts) > 1 { => if false {
// mutant: choice.go: (len(sources) == 0 || sources[len(sources)-1] != s) => true
func TestChoice(t *testing.T) {
	const sanicap = "IDENTIFY CONTROLLER SANICAP = 00000003h"
	d := record.Device{Medium: record.MediumFlash, Capabilities: []record.Capability{
		{Act: record.NVMeSanitizeBlock, Command: "NVMe Sanitize, block erase", Source: sanicap, Minutes: 2},
		{Act: record.NVMeSanitizeCrypto, Command: "NVMe Sanitize, crypto erase", Source: sanicap, Minutes: 1}}}
	task := record.Task{Device: d, Canaries: 6905, Check: record.CheckCanaries, Acts: []record.Act{record.NVMeSanitizeCrypto, record.NVMeSanitizeBlock},
		Ladder: []record.Rung{{Technique: record.BlockErase, Method: record.MethodPurge, Chosen: true}}}
	want := "Purge by NVMe Sanitize, crypto erase, then NVMe Sanitize, block erase (" + sanicap + "); verified by 6,905 canaries before each; about 3:00 by the drive's own estimate"
	if got := choice(task, ""); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	task = record.Task{Passes: []record.Pass{{Pattern: record.PatternStream}}, Check: record.CheckFull,
		Ladder: []record.Rung{{Technique: record.Overwrite, Method: record.MethodClear, Chosen: true}}}
	if got := choice(task, ""); got != "Clear by a host's overwrite of every addressable byte. passes: aes-128-ctr; then every byte is read back and compared" {
		t.Errorf("%q", got)
	}
}

func TestPrintOffers(t *testing.T) {
	p, err := profile.ByID(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	printOffers(cli.Env{Stdout: &out, Width: 500}, []inventory.Device{{Device: record.Device{Identity: record.Identity{Serial: "S1"}, Medium: record.MediumMagnetic,
		Capabilities: []record.Capability{{Technique: record.SecurityErase, Command: "ATA SECURITY ERASE UNIT", Source: "word 128", Minutes: 78, Blocked: "it is frozen"},
			{Technique: record.BlockErase, Command: "BLOCK ERASE EXT", Source: "word 59"}}}}}, wipe.Policy{Profile: p})
	for _, w := range []string{"overwrite earns Clear: host overwrite of every addressable byte; NIST", "security-erase earns Clear: ATA SECURITY ERASE UNIT (word 128), about 78 min by the drive's own estimate; not to be used:",
		"block-erase earns nothing: BLOCK ERASE EXT (word 59); not to be used: BLOCK ERASE EXT: profile nist-800-88r2 grants it no method on magnetic media"} {
		if !strings.Contains(out.String(), w) {
			t.Errorf("%q is not in\n%s", w, out.String())
		}
	}
}

// Every technique has one word, and a word that is none is answered with all of them.
//
// mutant: techniqueword.go: if techniqueWords[t] == s { => if strings.HasPrefix(techniqueWords[t], s) {
func TestTechniqueWord(t *testing.T) {
	for _, k := range record.Techniques() {
		if got, err := techniqueWord(techniqueWords[k]); err != nil || got != k || techniqueWords[k] == "" {
			t.Errorf("%s: %q, %v", k, got, err)
		}
	}
	for _, s := range []string{"", "over", "Overwrite"} {
		if _, err := techniqueWord(s); err == nil || !strings.Contains(err.Error(), "overwrite, block-erase, crypto-erase, sanitize-overwrite") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// A declaration is whole or none.
//
// mutant: techniqueword.go: if d.By == "" || d.AlwaysOn == "" || d.Escrow == "" { => if d.By == "" {
func TestDeclarationFlags(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool // made
		err  bool
	}{
		{nil, false, false},
		{[]string{"--crypto-always-on", "yes", "--crypto-escrow", "no", "--crypto-by", "A"}, true, false},
		{[]string{"--crypto-always-on", "yes", "--crypto-by", "A"}, false, true},
		{[]string{"--crypto-always-on", "yes", "--crypto-escrow", "no"}, false, true},
		{[]string{"--crypto-certification", "x"}, false, true},
		{[]string{"--crypto-escrow", "perhaps"}, false, true},
	} {
		var a cryptoArgs
		fs := flag.NewFlagSet("x", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		a.flags(fs)
		err := fs.Parse(c.args)
		var d *record.CryptoDeclaration
		if err == nil {
			d, err = a.declaration()
		}
		if (d != nil) != c.want || (err != nil) != c.err {
			t.Errorf("%q: %+v, %v", c.args, d, err)
		}
	}
}
