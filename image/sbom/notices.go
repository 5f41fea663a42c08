package sbom

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
)

// Notices returns the licence texts of all components, each text once.
func Notices(i Image, cs []Component) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s: notices and licences of what is in the boot image.\n\n"+
		"Source code: that of Debian's packages is kept at https://snapshot.debian.org under\n"+
		"the source name and version given below; that of Go modules is at the module's name\n"+
		"and version. Nothing of it was changed.\n", i.Name, i.Version)
	printed := map[[32]byte]string{}
	for _, c := range sorted(cs) {
		if c.Tool {
			continue
		}
		fmt.Fprintf(&b, "\n%s\n%s %s\n", strings.Repeat("=", 72), c.Name, c.Version)
		if c.Licence != "" {
			fmt.Fprintf(&b, "Licence: %s\n", c.Licence)
		}
		if c.Source != "" {
			fmt.Fprintf(&b, "Source: %s\n", c.Source)
		}
		for _, t := range c.Texts {
			sum := sha256.Sum256(t.Data)
			if first := printed[sum]; first != "" {
				fmt.Fprintf(&b, "\n%s: the same text as that of %s\n", t.Name, first)
				continue
			}
			printed[sum] = c.Name
			fmt.Fprintf(&b, "\n%s:\n\n%s\n", t.Name, strings.TrimRight(string(t.Data), "\n"))
		}
	}
	return b.Bytes()
}

// phrases tell the licences of Go modules from each other. The first that has all
// its phrases is it.
var phrases = []struct {
	id   string
	must []string
}{
	{"Apache-2.0", []string{"apache license", "version 2.0"}},
	{"MPL-2.0", []string{"mozilla public license", "2.0"}},
	{"GPL-3.0-only", []string{"gnu general public license", "version 3"}},
	{"GPL-2.0-only", []string{"gnu general public license", "version 2"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "neither the name"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "names of its contributors", "endorse or promote"}},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "in binary form must reproduce"}},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"}},
	{"MIT", []string{"permission is hereby granted, free of charge", "without restriction"}},
	{"Unlicense", []string{"free and unencumbered software released into the public domain"}},
}

// Licence recognises a licence text; "" is one it does not know.
func Licence(text []byte) string {
	t := strings.Join(strings.Fields(strings.ToLower(string(text))), " ")
next:
	for _, p := range phrases {
		for _, m := range p.must {
			if !strings.Contains(t, m) {
				continue next
			}
		}
		return p.id
	}
	return ""
}
