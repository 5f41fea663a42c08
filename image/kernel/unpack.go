package kernel

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// unpack makes dir appear whole or not at all.
func unpack(ctx context.Context, deb, release, dir string) error {
	tmp := dir + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("unpack kernel: %w", err)
	}
	defer os.RemoveAll(tmp)
	if _, err := run(ctx, "dpkg-deb", "-x", deb, tmp); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(tmp, "boot", "vmlinuz-"+release)); err != nil {
		return fmt.Errorf("unpack kernel: no kernel %s in the package: %w", release, err)
	}
	if err := unxz(ctx, filepath.Join(tmp, "lib", "modules", release)); err != nil {
		return err
	}
	// The package ships no modules.dep; depmod makes it.
	if _, err := run(ctx, "depmod", "-b", tmp, release); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, "complete"), nil, 0o644); err != nil {
		return fmt.Errorf("unpack kernel: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("unpack kernel: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("unpack kernel: %w", err)
	}
	return nil
}

// xzBatch bounds the command line of one xz.
const xzBatch = 500

// unxz unpacks every .ko.xz below dir in place. A module that is unpacked while
// the machine boots costs three times as much; the initramfs as a whole is
// packed all the same. The module's signature lies inside and stays.
func unxz(ctx context.Context, dir string) error {
	var packed []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(p, ".ko.xz") {
			packed = append(packed, p)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("unpack modules: %w", err)
	}
	for len(packed) > 0 {
		n := min(len(packed), xzBatch)
		if _, err := run(ctx, "xz", append([]string{"-d", "--"}, packed[:n]...)...); err != nil {
			return fmt.Errorf("unpack modules: %w", err)
		}
		packed = packed[n:]
	}
	return nil
}
