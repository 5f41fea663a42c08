package sbom_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lethe/image/sbom"
)

var image = sbom.Image{Name: "lethe", Version: "0.1.0", Digest: strings.Repeat("ab", 32), Created: "1980-01-01T00:00:00Z"}

func sample() []sbom.Component {
	text := sbom.Text{Name: "LICENSE", Data: []byte("Permission is hereby granted, free of charge, ... without restriction")}
	return []sbom.Component{
		{Kind: sbom.Module, Name: "example.org/b", Version: "v1", Purl: "pkg:golang/example.org/b@v1", Licence: "MIT", Texts: []sbom.Text{text}},
		{Kind: sbom.Module, Name: "example.org/a", Version: "v1", Texts: []sbom.Text{text}},
		{Kind: sbom.Debian, Name: "xorriso", Version: "1", Tool: true, Texts: []sbom.Text{{Name: "copyright", Data: []byte("of a tool")}}},
	}
}

// What SPDX 2.3 asks of a document: its fixed words, identifiers that are unique
// and exist, and no field empty that must not be.
func TestSPDX(t *testing.T) {
	b, err := sbom.SPDX(image, sample())
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		SPDXVersion, DataLicense, SPDXID, Name, DocumentNamespace string
		CreationInfo                                              struct {
			Created  string
			Creators []string
		}
		Packages []struct {
			SPDXID, Name, DownloadLocation, LicenseConcluded, LicenseDeclared, CopyrightText string
		}
		Relationships []struct{ SPDXElementID, RelationshipType, RelatedSPDXElement string }
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	if d.SPDXVersion != "SPDX-2.3" || d.DataLicense != "CC0-1.0" || d.SPDXID != "SPDXRef-DOCUMENT" || len(d.CreationInfo.Creators) != 1 {
		t.Errorf("document %+v", d)
	}
	ids := map[string]bool{d.SPDXID: true}
	for _, p := range d.Packages {
		if ids[p.SPDXID] || !regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.-]+$`).MatchString(p.SPDXID) {
			t.Errorf("identifier %q", p.SPDXID)
		}
		ids[p.SPDXID] = true
		if p.Name == "" || p.DownloadLocation == "" || p.LicenseConcluded == "" || p.LicenseDeclared == "" || p.CopyrightText == "" {
			t.Errorf("package %+v", p)
		}
	}
	kinds := map[string]int{}
	for _, r := range d.Relationships {
		kinds[r.RelationshipType]++
		if !ids[r.SPDXElementID] || !ids[r.RelatedSPDXElement] {
			t.Errorf("relationship of what is not there: %+v", r)
		}
	}
	if kinds["DESCRIBES"] != 1 || kinds["CONTAINS"] != 2 || kinds["BUILD_TOOL_OF"] != 1 {
		t.Errorf("relationships %v", kinds)
	}
	cs := sample()
	cs[0], cs[1] = cs[1], cs[0]
	if again, err := sbom.SPDX(image, cs); err != nil || !bytes.Equal(again, b) {
		t.Error("another order, other bytes")
	}
}

func TestNotices(t *testing.T) {
	s := string(sbom.Notices(image, sample()))
	if n := strings.Count(s, "Permission is hereby granted"); n != 1 {
		t.Errorf("a text is there %d times", n)
	}
	for _, want := range []string{"example.org/a v1", "example.org/b v1", "the same text as that of example.org/a"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	if strings.Contains(s, "of a tool") {
		t.Error("the notice of a tool that is not in the image")
	}
}

// The modules of this very test, and the licences they really have.
func TestModules(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, release, err := sbom.OfBinary(exe); err != nil || release != runtime.Version() {
		t.Errorf("OfBinary: %q, %v", release, err)
	}
	cs, err := sbom.Modules(t.Context(), []sbom.Mod{{Path: "github.com/beevik/ntp", Version: "v1.6.0"},
		{Path: "github.com/klauspost/compress", Version: "v1.20.3"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"BSD-2-Clause", "Apache-2.0"} {
		if cs[i].Licence != want || len(cs[i].Texts) == 0 || !strings.HasPrefix(cs[i].Sum, "h1:") {
			t.Errorf("%s: %q, %d texts, sum %q", cs[i].Name, cs[i].Licence, len(cs[i].Texts), cs[i].Sum)
		}
	}
	std, err := sbom.Standard(t.Context(), runtime.Version())
	if err != nil || std.Licence != "BSD-3-Clause" {
		t.Errorf("standard library: %q, %v", std.Licence, err)
	}
	if _, _, err := sbom.OfBinary(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("modules of no file")
	}
	mods, err := sbom.OfTools(t.Context(), "../uroot", "github.com/u-root/u-root/cmds/")
	if err != nil || !slices.ContainsFunc(mods, func(m sbom.Mod) bool { return m.Path == "github.com/u-root/u-root" }) {
		t.Errorf("OfTools: %v, %v", mods, err)
	}
	if _, err := sbom.OfTools(t.Context(), "../uroot", "no/such"); err == nil {
		t.Error("tools that do not exist")
	}
}
