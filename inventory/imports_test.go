package inventory_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestImports holds the rules of this room: ghw in one file, system calls on
// devices in one package, the codecs pure, nothing above us.
func TestImports(t *testing.T) {
	rules := []struct{ imported, allowed, why string }{
		{"github.com/jaypipes/ghw", "ghw.go", "ghw lists, our own reads decide"},
		{"unsafe", "devio/", "only devio talks to the kernel about a device"},
		{"os/exec", "", "nothing is done by another program"},
		{"lethe/wipe", "", "inventory is below wipe"},
		{"lethe/certs/", "", "inventory knows certs/record alone"},
		{"github.com/sirupsen/logrus", "", "libraries are silent"},
	}
	pure := []string{"ata/", "scsi/", "nvme/", "smbios/", "parttable/", "internal/ascii/"}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") || strings.HasPrefix(p, "inventorytest/") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, im := range f.Imports {
			name := strings.Trim(im.Path.Value, `"`)
			for _, r := range rules {
				if strings.HasPrefix(name, r.imported) && name != "lethe/certs/record" && (r.allowed == "" || !strings.HasPrefix(p, r.allowed)) {
					t.Errorf("%s imports %s: %s", p, name, r.why)
				}
			}
			for _, dir := range pure {
				if strings.HasPrefix(p, dir) && (name == "os" || name == "syscall" || strings.HasPrefix(name, "golang.org/x/sys")) {
					t.Errorf("%s imports %s: a codec makes no system call", p, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
