package site

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// File is something that goes into the image.
type File struct {
	Path string // relative to its root, slash separated, e.g. etc/lethe/site.json
	Mode fs.FileMode
	Data []byte
}

// inImage marks a path of site.yaml as one inside the image, for what an overlay
// brings later, such as a key made per run.
const inImage = "image:"

// maxFile bounds a file that site.yaml names, in bytes; an order may be large.
const maxFile = 16 << 20

// Load reads a site.yaml and the files it names and returns the site as the
// machine will see it, and all files for the image, site.json the first. The same
// input gives the same bytes. Errors are one line for people and say which field.
func Load(name string) (Site, []File, error) {
	b, err := readFile(name)
	if err != nil {
		return Site{}, nil, fmt.Errorf("site file: %w", err)
	}
	s, err := decode(b)
	if err != nil {
		return Site{}, nil, fmt.Errorf("site file %s: %w", name, err)
	}
	l := loader{dir: filepath.Dir(name)}
	l.all(&s)
	if l.err == nil {
		l.err = s.Validate()
	}
	if l.err != nil {
		return Site{}, nil, fmt.Errorf("site file %s: %w", name, l.err)
	}
	js, err := s.JSON()
	if err != nil {
		return Site{}, nil, err
	}
	return s, append([]File{{Path: Path[1:], Mode: 0o644, Data: js}}, l.files...), nil
}

func decode(b []byte) (Site, error) {
	var s Site
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		return Site{}, oneLine(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Site{}, errors.New("more than one document")
	}
	return s, nil
}

// oneLine says what YAML's reader spreads over several.
func oneLine(err error) error {
	var t *yaml.TypeError
	if !errors.As(err, &t) || len(t.Errors) == 0 {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	msg := t.Errors[0]
	if at, field, ok := strings.Cut(msg, ": field "); ok {
		field, _, _ = strings.Cut(field, " ")
		msg = fmt.Sprintf("%s: unknown field %q", at, field)
	}
	return errors.New(msg)
}

// loader collects the files; the first error stays.
type loader struct {
	dir   string
	files []File
	err   error
}

func (l *loader) all(s *Site) {
	l.file("depotCA", &s.DepotCA, "depot-ca.pem", 0o644, certificates)
	if !strings.HasPrefix(s.Order, "https:") {
		l.file("order", &s.Order, "order.dsse.json", 0o644, anything)
	}
	for i := range s.Trust {
		l.file("trust", &s.Trust[i], fmt.Sprintf("trust-%d.pem", i+1), 0o644, certificates)
	}
	l.file("key", &s.Key, "agent-key.pem", 0o600, privateKey)
	l.file("chain", &s.Chain, "agent.pem", 0o644, certificates)
	l.file("keymap", &s.Keymap, "keymap", 0o644, func(b []byte) error { _, err := ParseKeymap(b); return err })
	if s.Syslog != nil {
		l.file("syslog: ca", &s.Syslog.CA, "syslog-ca.pem", 0o644, certificates)
	}
}

// file takes the file that *p names along and makes *p its place in the image.
func (l *loader) file(field string, p *string, name string, mode fs.FileMode, check func([]byte) error) {
	if *p == "" || l.err != nil {
		return
	}
	if in, ok := strings.CutPrefix(*p, inImage); ok {
		*p = in
		return
	}
	from := *p
	if !filepath.IsAbs(from) {
		from = filepath.Join(l.dir, from)
	}
	b, err := readFile(from)
	if err == nil {
		err = check(b)
	}
	if err != nil {
		l.err = fmt.Errorf("%s: %w", field, err)
		return
	}
	*p = path.Join(path.Dir(Path), name)
	l.files = append(l.files, File{Path: (*p)[1:], Mode: mode, Data: b})
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only: nothing to lose
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	return b, err
}

func anything(b []byte) error {
	if len(b) == 0 {
		return errors.New("the file is empty")
	}
	return nil
}

// certificates wants PEM with one certificate at least, and nothing else: a private
// key that slipped in would be readable in every image.
func certificates(b []byte) error {
	n := 0
	for {
		block, rest := pem.Decode(b)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("a %s where only certificates may be", strings.ToLower(block.Type))
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
		n, b = n+1, rest
	}
	if n == 0 {
		return errors.New("no certificate in it (PEM is wanted)")
	}
	return nil
}

func privateKey(b []byte) error {
	for {
		block, rest := pem.Decode(b)
		if block == nil {
			return errors.New("no private key in it (PEM is wanted)")
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil
		}
		b = rest
	}
}
