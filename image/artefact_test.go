package image

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lethe/image/measure"
	"lethe/image/menu"
	"lethe/image/pecoff"
	"lethe/image/secureboot"
)

// everything builds all formats once for the tests of this file.
func everything(t *testing.T) (string, Manifest) {
	t.Helper()
	o := options(t, static(t, "one"))
	o.Formats, o.Menu = Formats(), menu.Menu{Default: menu.Erase, Seconds: 5}
	for _, n := range []string{"pxe", "keep.txt"} {
		if err := os.WriteFile(filepath.Join(o.Out, n), []byte("of an earlier build"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o.Out, build(t, o)
}

func TestFormats(t *testing.T) {
	dir, m := everything(t)
	check(t, dir)
	t.Run("manifest", func(t *testing.T) { inManifest(t, dir, m) })
	t.Run("uki", func(t *testing.T) { ukiHolds(t, dir, m) })
	t.Run("media", func(t *testing.T) { media(t, dir, m) })
	t.Run("sbom", func(t *testing.T) { sbomNames(t, dir, m) })
}

// check lets sha256sum(1) read what was written.
func check(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("sha256sum", "--strict", "--quiet", "-c", SumsFile)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

// inManifest: every file is named, and every named file is there.
func inManifest(t *testing.T, dir string, m Manifest) {
	named := map[string]bool{ManifestFile: true, SumsFile: true, KernelFile: true, InitrdFile: true, "keep.txt": true}
	for _, f := range m.Files {
		if named[f.Name] {
			t.Errorf("%s is written twice", f.Name)
		}
		named[f.Name] = true
	}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if !named[filepath.ToSlash(rel)] {
			t.Errorf("%s is in no list", rel)
		}
		delete(named, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range named {
		t.Errorf("%s is not there", n)
	}
	if len(m.Debian) == 0 || !slices.ContainsFunc(m.PCRs, func(p measure.PCR) bool { return p.Index == 11 }) {
		t.Errorf("packages %v, PCRs %v", m.Debian, m.PCRs)
	}
}

func ukiHolds(t *testing.T, dir string, m Manifest) {
	b, err := os.ReadFile(filepath.Join(dir, UKIFile))
	if err != nil {
		t.Fatal(err)
	}
	u, err := pecoff.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{".linux": m.Kernel.SHA256, ".initrd": m.Initrd.SHA256,
		".cmdline": sum([]byte(m.Cmdline)), ".uname": sum([]byte(m.Label.Kernel.Release))} {
		if sum(u.Content(name)) != want {
			t.Errorf("%s of the unified image is not that of the manifest", name)
		}
	}
	if !strings.Contains(string(u.Content(".osrel")), m.Label.Digest) {
		t.Error("os-release does not name the image digest")
	}
}

// media carry the signature that their menus name: the agent knows by it what it
// was booted from.
//
// mutant: media.go: m.Words += " lethe.medium=" + disk.Signature(id) => m.Words += ""
func media(t *testing.T, dir string, m Manifest) {
	cfg := map[string][]string{
		USBFile: {"mtype", "-i", filepath.Join(dir, USBFile) + "@@37M", "::boot/grub/grub.cfg"},
		ISOFile: {"xorriso", "-osirrox", "on", "-indev", filepath.Join(dir, ISOFile), "-concat", "append", "-", "/boot/grub/grub.cfg"},
	}
	for name, args := range cfg {
		text, err := exec.Command(args[0], args[1:]...).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		sig := make([]byte, 4)
		if _, err := f.ReadAt(sig, 440); err != nil {
			t.Fatal(err)
		}
		word := fmt.Sprintf(" lethe.medium=%02x%02x%02x%02x", sig[3], sig[2], sig[1], sig[0])
		if n := strings.Count(string(text), word); n != 2 {
			t.Errorf("%s: %q is there %d times in\n%s", name, word, n, text)
		}
	}
	if strings.Contains(m.Cmdline, "lethe.medium") {
		t.Error("the unified image names a medium")
	}
}

// sbomNames: everything that Debian or u-root gave is in the bill of materials,
// and its licence in the notices.
func sbomNames(t *testing.T, dir string, m Manifest) {
	bill, err := os.ReadFile(filepath.Join(dir, SBOMFile))
	if err != nil {
		t.Fatal(err)
	}
	notices, err := os.ReadFile(filepath.Join(dir, NoticesFile))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{m.Label.Kernel.Package, "github.com/u-root/u-root", "std", "lethe"}
	for _, p := range m.Debian {
		want = append(want, p.Name)
	}
	for _, w := range want {
		if !strings.Contains(string(bill), `"name": "`+w+`"`) {
			t.Errorf("%s is not in the bill of materials", w)
		}
		if w != "xorriso" && w != "grub-common" && !strings.Contains(string(notices), w+" ") {
			t.Errorf("%s is not in the notices", w)
		}
	}
	for _, text := range []string{"GNU GENERAL PUBLIC LICENSE", "Redistribution and use", "Apache License"} {
		if !strings.Contains(strings.ToUpper(string(notices)), strings.ToUpper(text)) {
			t.Errorf("the notices lack %q", text)
		}
	}
}

func TestFormatRefuses(t *testing.T) {
	o := options(t, static(t, "one"))
	o.Formats = []string{"floppy"}
	if _, err := Build(t.Context(), o); !errors.Is(err, ErrFormat) {
		t.Errorf("unknown format: %v", err)
	}
	o.Formats, o.Menu.Title = []string{FormatPXE}, "a\nb"
	if _, err := Build(t.Context(), o); err == nil {
		t.Error("a title of two lines was taken")
	}
}

// With an owner's key the unified image is signed, in every place, and nothing
// that UEFI starts from a medium is not.
//
// mutant: netboot.go: if err == nil && a.opt.SecureBoot != nil { => if false {
func TestSigned(t *testing.T) {
	set, err := secureboot.NewSet("Test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, static(t, "one"))
	o.Formats, o.SecureBoot, o.EFI = []string{FormatUKI, FormatPXE, FormatUSB}, &set.DB, EFIUKI
	m := build(t, o)
	check(t, o.Out)
	cert := filepath.Join(t.TempDir(), "db.pem")
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: set.DB.Cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	fromUSB := filepath.Join(t.TempDir(), "usb.efi")
	if out, err := exec.Command("mcopy", "-i", filepath.Join(o.Out, USBFile)+"@@37M", "::EFI/BOOT/BOOTX64.EFI", fromUSB).CombinedOutput(); err != nil {
		t.Fatalf("mcopy: %v\n%s", err, out)
	}
	for _, name := range []string{filepath.Join(o.Out, UKIFile), filepath.Join(o.Out, PXEFolder, UKIFile), fromUSB} {
		if out, err := exec.Command("sbverify", "--cert", cert, name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	if exec.Command("mtype", "-i", filepath.Join(o.Out, USBFile)+"@@37M", "::EFI/BOOT/GRUBX64.EFI").Run() == nil {
		t.Error("GRUB is on the stick of an owner's own keys")
	}
	o.SecureBoot, o.Out = nil, t.TempDir()
	if u := build(t, o); u.PCRs[0].SHA256 != m.PCRs[0].SHA256 {
		t.Error("a signature changes what firmware measures")
	}
}
