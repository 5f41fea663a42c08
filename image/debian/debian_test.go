package debian_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lethe/image/debian"
)

func TestCheck(t *testing.T) {
	if err := debian.Check(debian.Need{Path: "dpkg-deb", Package: "dpkg"}, debian.Need{Path: "/etc/passwd", Package: "base-passwd"}); err != nil {
		t.Error(err)
	}
	err := debian.Check(debian.Need{Path: "/no/such", Package: "zzz"}, debian.Need{Path: "no-such-tool", Package: "aaa"},
		debian.Need{Path: "/no/other", Package: "zzz"})
	var miss *debian.MissingError
	if !errors.As(err, &miss) || !slices.Equal(miss.Packages, []string{"aaa", "zzz"}) {
		t.Fatalf("missing: %v", err)
	}
	if !strings.HasSuffix(err.Error(), "apt-get install --no-install-recommends aaa zzz") {
		t.Errorf("no command to run: %v", err)
	}
}

func TestInstalled(t *testing.T) {
	ps, err := debian.Installed(t.Context(), "dpkg", "base-passwd", "dpkg")
	if err != nil || len(ps) != 2 || ps[1].Name != "dpkg" || ps[1].Version == "" || ps[1].Source != "dpkg" {
		t.Fatalf("%+v, %v", ps, err)
	}
	if _, err := debian.Installed(t.Context(), "no-such-package"); err == nil {
		t.Error("a package that is not there is installed")
	}
	if b, err := debian.Copyright("/", "dpkg"); err != nil || len(b) == 0 {
		t.Error(err)
	}
}
