// Package sbom lists what is inside a boot image: as a software bill of materials
// (SPDX 2.3, ISO/IEC 5962) and as the licence texts that must go with it.
package sbom

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is where a component comes from.
type Kind string

// The kinds of components.
const (
	Debian Kind = "debian" // a binary package
	Module Kind = "go"     // a Go module
	Own    Kind = "own"    // Lethe itself
)

// Component is one piece of software.
type Component struct {
	Kind    Kind
	Name    string
	Version string
	Purl    string // package-url, "" where there is none
	Sum     string // Go's h1: sum, or "SHA256: …" of a package
	Licence string // SPDX expression, "" where it is not known
	Source  string // where the source is, for people
	Texts   []Text
	Tool    bool // builds the image, but is not in it
}

// Text is a licence or notice file of a component.
type Text struct {
	Name string
	Data []byte
}

// Image names what the components are in.
type Image struct {
	Name    string
	Version string
	Digest  string // of the image, lower-case hex
	Created string // RFC 3339; not the clock's, or no two builds would be the same
}

const noAssertion = "NOASSERTION"

type document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      creation       `json:"creationInfo"`
	Packages          []spdxPackage  `json:"packages"`
	Relationships     []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	SPDXID           string        `json:"SPDXID"`
	Name             string        `json:"name"`
	VersionInfo      string        `json:"versionInfo,omitempty"`
	Supplier         string        `json:"supplier,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    bool          `json:"filesAnalyzed"`
	SourceInfo       string        `json:"sourceInfo,omitempty"`
	LicenseConcluded string        `json:"licenseConcluded"`
	LicenseDeclared  string        `json:"licenseDeclared"`
	CopyrightText    string        `json:"copyrightText"`
	ExternalRefs     []externalRef `json:"externalRefs,omitempty"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

var notID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// SPDX returns the bill of materials. Components are sorted; the same ones give
// the same bytes.
func SPDX(i Image, cs []Component) ([]byte, error) {
	const root = "SPDXRef-image"
	d := document{SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT",
		Name: i.Name + " " + i.Version, DocumentNamespace: "https://spdx.org/spdxdocs/" + notID.ReplaceAllString(i.Name, "-") + "-" + i.Digest,
		CreationInfo: creation{i.Created, []string{"Tool: lethe-image-" + notID.ReplaceAllString(i.Version, "-")}},
		Packages: []spdxPackage{{SPDXID: root, Name: i.Name, VersionInfo: i.Version, DownloadLocation: noAssertion,
			SourceInfo: "image digest " + i.Digest, LicenseConcluded: noAssertion, LicenseDeclared: noAssertion, CopyrightText: noAssertion}},
		Relationships: []relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", root}}}
	for _, c := range sorted(cs) {
		id := "SPDXRef-" + string(c.Kind) + "-" + notID.ReplaceAllString(c.Name+"-"+c.Version, "-")
		d.Packages = append(d.Packages, c.spdx(id))
		r := relationship{root, "CONTAINS", id}
		if c.Tool {
			r = relationship{id, "BUILD_TOOL_OF", root}
		}
		d.Relationships = append(d.Relationships, r)
	}
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("marshal bill of materials: %w", err)
	}
	return append(b, '\n'), nil
}

func (c Component) spdx(id string) spdxPackage {
	licence := c.Licence
	if licence == "" {
		licence = noAssertion
	}
	p := spdxPackage{SPDXID: id, Name: c.Name, VersionInfo: c.Version, DownloadLocation: noAssertion,
		SourceInfo: strings.TrimSpace(c.Sum + " " + c.Source), LicenseConcluded: noAssertion, LicenseDeclared: licence, CopyrightText: noAssertion}
	if c.Kind == Debian {
		p.Supplier = "Organization: Debian"
	}
	if c.Purl != "" {
		p.ExternalRefs = []externalRef{{"PACKAGE-MANAGER", "purl", c.Purl}}
	}
	return p
}

func sorted(cs []Component) []Component {
	cs = slices.Clone(cs)
	key := func(c Component) string { return string(c.Kind) + "\x00" + c.Name + "\x00" + c.Version }
	slices.SortStableFunc(cs, func(a, b Component) int { return strings.Compare(key(a), key(b)) })
	return slices.CompactFunc(cs, func(a, b Component) bool { return key(a) == key(b) })
}
