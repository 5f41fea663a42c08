package pxe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lethe/image/menu"
	"lethe/image/pxe"
)

func TestFiles(t *testing.T) {
	m := menu.Menu{Title: "Lethe", Words: menu.KernelWords(nil, ""), Default: menu.Erase, Seconds: 5}
	files, err := pxe.Files(m, "vmlinuz", "initrd.img")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	dir := t.TempDir()
	for _, f := range files {
		names = append(names, f.Path)
		name := filepath.Join(dir, filepath.Base(f.Path))
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Path, ".efi") {
			out, err := exec.Command("sbverify", "--list", name).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "signature 1") {
				t.Errorf("%s is not signed: %v\n%s", f.Path, err, out)
			}
		}
	}
	slices.Sort(names)
	want := []string{"grub/grub.cfg", "grubx64.efi", "ldlinux.c32", "libutil.c32", "menu.c32", "menu.ipxe",
		"pxelinux.0", "pxelinux.cfg/default", "shimx64.efi"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v\n want %v", names, want)
	}
	if len(pxe.Needs()) != 6 {
		t.Errorf("needs %v", pxe.Needs())
	}
	if _, err := pxe.Files(menu.Menu{Title: "a\nb"}, "k", "i"); err == nil {
		t.Error("a title of two lines was taken")
	}
}
