package pdf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lethe/certs/pdf/internal/page"
	"lethe/certs/record"
)

// run runs a tool that others wrote, and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// oneLine is text with every run of white space as one space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// signedFiles writes every kind of document, signed, and returns their paths.
func signedFiles(t *testing.T, s signer) map[string]string {
	t.Helper()
	dir := t.TempDir()
	paths := map[string]string{}
	put := func(name string, doc []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		doc = must[[]byte](t)(Sign(doc, s.cms, SignOptions{Name: "lethe", Reason: "Certificate of sanitization", When: time.Now()}))
		paths[name] = filepath.Join(dir, name+".pdf")
		if err := os.WriteFile(paths[name], doc, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range records() {
		doc, err := Certificate(input(r))
		put(name, doc, err)
	}
	doc, err := Summary(SummaryInput{Summary: summary(), Envelope: []byte("{}")})
	put("summary", doc, err)
	return paths
}

// TestTools hands every kind of document, signed, to the tools of others.
func TestTools(t *testing.T) {
	s := newSigner(t)
	paths := signedFiles(t, s)
	t.Run("pdfsig", func(t *testing.T) { testPdfsig(t, s, paths) })
	t.Run("qpdf", func(t *testing.T) { testQPDF(t, paths) })
	t.Run("pdftotext", func(t *testing.T) { testPdftotext(t, paths) })
	t.Run("pdfdetach", func(t *testing.T) { testPdfdetach(t, paths) })
	t.Run("zbarimg", func(t *testing.T) { testZbar(t, paths) })
}

// testPdfsig: pdfsig of NSS finds the signature valid, trusted and total. Its exit
// status means nothing (it is 0 for a tampered file), its words do.
func testPdfsig(t *testing.T, s signer, paths map[string]string) {
	db := "sql:" + t.TempDir()
	run(t, "certutil", "-N", "-d", db, "--empty-password")
	run(t, "certutil", "-A", "-d", db, "-n", "root", "-t", ",C,", "-i", s.writeRoot(t))
	for name, path := range paths {
		out := run(t, "pdfsig", "-nssdir", db, path)
		for _, want := range []string{"Signature is Valid", "Certificate is Trusted", "Total document signed", "ETSI.CAdES.detached", "Lethe test signer"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: pdfsig does not say %q:\n%s", name, want, out)
			}
		}
		if strings.Count(out, "Signature #") != 1 {
			t.Errorf("%s: not one signature:\n%s", name, out)
		}
	}
}

func testQPDF(t *testing.T, paths map[string]string) {
	for name, path := range paths {
		out := run(t, "qpdf", "--check", path)
		if strings.Contains(out, "WARNING") || !strings.Contains(out, "No syntax or stream encoding errors") {
			t.Errorf("%s: %s", name, out)
		}
		if out := run(t, "mutool", "sign", "-v", path); !strings.Contains(out, "unchanged since signing") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// testPdftotext: what people search for is found: serial, method, technique, verdict.
func testPdftotext(t *testing.T, paths map[string]string) {
	for name, want := range map[string][]string{
		"cleared":     {"Certificate of Sanitization", "CLEARED", "Z1M0A4KX", "ST500NM0011", "Clear (asked: Clear", "Overwrite", "500,107,862,016 bytes", "SRV-TYO-00731", "11.2.7", "CLD.8.1.5", "cleared by overwrite"},
		"purged":      {"PURGED", "S64FNE0R504871", "Purge (asked: Purge", "Block erase", "36344630525048710025384100000001"},
		"virtual":     {"VIRTUAL: not evidence for a physical drive", "CLEARED", "LETHE-SATA-1"},
		"failed":      {"NOTICE: NOT SANITIZED", "FAILED", "This is not a certificate", "163,840 bytes in 40 ranges", "and 37 more, in the record"},
		"interrupted": {"NOTICE: NOT SANITIZED", "INCOMPLETE", "NOT flushed", "committed, not revealed"},
		"unknown":     {"NOTICE: NOT SANITIZED", "UNKNOWN", "Treat it as holding data"},
		"summary":     {"2 of 5 drives ordered have a certificate", "Z1M0A4QQ", "mounted at /", "S64FNE0R504871"},
	} {
		out := oneLine(run(t, "pdftotext", "-layout", paths[name], "-"))
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: pdftotext does not show %q", name, w)
			}
		}
		if strings.Contains(out, "VIRTUAL") != (name == "virtual") {
			t.Errorf("%s: the VIRTUAL mark is where it should not be, or is missing", name)
		}
	}
}

func testPdfdetach(t *testing.T, paths map[string]string) {
	path := paths["cleared"]
	in := input(cleared())
	list := run(t, "pdfdetach", "-list", path)
	for name, want := range map[string][]byte{AttachRecord: in.Envelope, AttachTranscript: in.Transcript, AttachOrder: in.Order} {
		out := filepath.Join(t.TempDir(), name)
		run(t, "pdfdetach", "-savefile", name, "-o", out, path)
		if got := must[[]byte](t)(os.ReadFile(out)); !bytes.Equal(got, want) || !strings.Contains(list, name) {
			t.Errorf("%s: %d bytes, want %d; list:\n%s", name, len(got), len(want), list)
		}
	}
}

// testZbar reads the QR code off the drawn page.
func testZbar(t *testing.T, paths map[string]string) {
	for name, want := range map[string]string{
		"cleared": page.Code(cleared().ID, digestOf(t, cleared())), "virtual": page.Code(virtual().ID, digestOf(t, virtual())),
		"failed": page.Code(failed().ID, digestOf(t, failed())), "summary": page.Code(summary().ID, digestOf(t, summary())),
	} {
		png := filepath.Join(t.TempDir(), "p")
		run(t, "pdftoppm", "-r", "150", "-f", "1", "-l", "1", "-singlefile", "-png", paths[name], png)
		got, err := exec.Command("zbarimg", "-q", "--raw", "--nodbus", png+".png").Output()
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: zbarimg reads %q, want %q", name, got, want)
		}
	}
}

func digestOf(t *testing.T, v any) record.Hex {
	t.Helper()
	return record.Digest(must[[]byte](t)(record.Marshal(v)))
}
