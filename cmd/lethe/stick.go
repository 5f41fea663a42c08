package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle/durable"
	"lethe/certs/marker"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit/fat"
	"lethe/inventory"
)

// stickValid is how long a marker is good where nobody says.
const stickValid = 90 * 24 * time.Hour

func stickCommand() cli.Command {
	return cli.Command{
		Name: "stick", Short: "make a USB stick take papers: stick prepare",
		Help: `lethe stick prepare writes a signed marker to a stick with a FAT file system, so
that the boot image takes it for its delivery stick. It formats nothing and
leaves the other files alone; an older marker is replaced.

  lethe stick prepare --device /dev/sdX --confirm SERIAL --key approver-key.pem --cert approver.pem
  lethe stick prepare --dir MOUNTPOINT --serial SERIAL   --key approver-key.pem --cert approver.pem

The serial number is what lethe list shows; the marker counts on that stick only.
The site file of the image names the same one: "stick": {"serial": "SERIAL"}.
--order puts a signed order beside it, for an image whose site names none. The
papers come to ` + marker.Papers + ` on the stick.`,
		Flags: stickFlags,
	}
}

type stickArgs struct {
	device, confirm  string
	dir, serial      string
	key, cert, order string
	valid            time.Duration
	typ              fat.Type
}

func stickFlags(fs *flag.FlagSet) cli.Run {
	a := &stickArgs{typ: fat.FAT}
	fs.StringVar(&a.device, "device", "", "`path` of the stick; it must not be mounted")
	fs.StringVar(&a.confirm, "confirm", "", "its `serial` number, typed by a person")
	fs.StringVar(&a.dir, "dir", "", "`folder` where the stick is mounted, instead of --device")
	fs.StringVar(&a.serial, "serial", "", "its `serial` number (with --dir)")
	fs.StringVar(&a.key, "key", "", "approver's key `file`")
	fs.StringVar(&a.cert, "cert", "", "approver's certificate `file`")
	fs.StringVar(&a.order, "order", "", "signed order `file` to put on the stick")
	fs.DurationVar(&a.valid, "valid", stickValid, "how `long` the marker is good, from now")
	return func(ctx context.Context, env cli.Env, args []string) error {
		if len(args) != 1 || args[0] != "prepare" {
			return cli.Usagef("say: lethe stick prepare --device PATH --confirm SERIAL --key FILE --cert FILE")
		}
		return a.prepare(ctx, env)
	}
}

func (a *stickArgs) prepare(ctx context.Context, env cli.Env) error {
	byDevice, byDir := a.device != "" && a.confirm != "", a.dir != "" && a.serial != ""
	switch {
	case byDevice == byDir || byDevice && a.dir+a.serial != "" || byDir && a.device+a.confirm != "":
		return cli.Usagef("stick prepare needs either --device and --confirm, or --dir and --serial")
	case a.key == "" || a.cert == "":
		return cli.Usagef("stick prepare needs --key and --cert of an approver")
	}
	if byDir {
		files, err := a.files(record.DriveTarget{Serial: a.serial})
		if err != nil {
			return err
		}
		return a.write(env, a.dir, a.serial, files)
	}
	return a.onDevice(ctx, env)
}

// file is one file for the stick, below its root.
type file struct {
	path string
	data []byte
}

// files are the marker and the order, made before anything is touched.
func (a *stickArgs) files(d record.DriveTarget) ([]file, error) {
	s, err := sign.ReadSigner(a.key, a.cert)
	if err != nil {
		return nil, cli.Usagef("%v", err)
	}
	now := time.Now()
	env, err := marker.Sign(marker.Marker{Format: marker.Format, Purpose: marker.PurposeDelivery, Drive: d, Issued: record.At(now),
		Window: record.Window{NotBefore: record.At(now.Add(-time.Hour)), NotAfter: record.At(now.Add(a.valid))}}, s)
	if err != nil {
		return nil, cli.Usagef("%v", err)
	}
	out := []file{{marker.Path, append(env, '\n')}}
	if a.order == "" {
		return out, nil
	}
	b, err := os.ReadFile(a.order)
	if err != nil {
		return nil, cli.Usagef("read order %s: %v", a.order, unwrapPath(err))
	}
	if _, err := order.Show(bytes.TrimSpace(b)); err != nil {
		return nil, cli.Usagef("order %s: %v", a.order, err)
	}
	return append(out, file{marker.OrderPath, b}), nil
}

// onDevice mounts the confirmed stick for as long as the writing takes.
func (a *stickArgs) onDevice(ctx context.Context, env cli.Env) (err error) {
	ds, derr := inventory.Discover(ctx)
	warn(env, derr)
	node, err := filepath.EvalSymlinks(a.device)
	if err != nil {
		return cli.Refusedf("%s: %v", a.device, unwrapPath(err))
	}
	i := slices.IndexFunc(ds, func(d inventory.Device) bool { return d.NodePath == node })
	if i < 0 {
		return cli.Refusedf("%s is not a whole drive that Lethe knows (lethe list shows them)", a.device)
	}
	d, id := ds[i], ds[i].Identity
	if n := id.Name(); n != a.confirm {
		return cli.Refusedf("%s is %q, not %q: nothing was touched", a.device, n, a.confirm)
	}
	if err := d.Eligible(); err != nil {
		return cli.Refusedf("%v: nothing was touched (a mounted stick is prepared with --dir and --serial)", err)
	}
	files, err := a.files(record.DriveTarget{Serial: id.Name(), WWN: id.WWN, NSID: id.NSID})
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lethe-stick-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	m, err := a.mount(d, dir)
	if err != nil {
		return cli.Refusedf("%v: nothing was touched", err)
	}
	defer func() {
		if cerr := m.Close(); cerr != nil {
			m.Drop()
			err = errors.Join(err, cerr)
		}
	}()
	if err := m.Writable(); err != nil {
		return err
	}
	return a.write(env, dir, a.confirm, files)
}

// mount mounts the first FAT file system of the stick.
func (a *stickArgs) mount(d inventory.Device, dir string) (*fat.Mount, error) {
	var errs error
	for _, v := range volumes(d) {
		m, err := a.typ.ReadOnly(v.node, v.dev, dir)
		if err == nil {
			return m, nil
		}
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

// write puts the files below a mounted stick's root, flushed and read back.
func (a *stickArgs) write(env cli.Env, root, serial string, files []file) error {
	if st, err := os.Stat(root); err != nil || !st.IsDir() {
		return cli.Refusedf("%s is not the folder of a mounted stick", root)
	}
	if err := makeFolders(root); err != nil {
		return err
	}
	for _, f := range files {
		dir, name := filepath.Split(filepath.Join(root, f.path))
		s, err := durable.Stage(dir, f.data)
		if err == nil {
			err = s.Replace(name)
		}
		if err == nil {
			err = durable.ReadBack(filepath.Join(dir, name), f.data)
		}
		if err != nil {
			return cli.Failedf("write %s: %v", f.path, err)
		}
		fmt.Fprintf(env.Stdout, "wrote %s\n", f.path)
	}
	unix.Sync() // --dir: whoever mounted it may pull it
	fmt.Fprintf(env.Stdout, "the stick with serial number %s takes papers for %s; the site file says: \"stick\": {\"serial\": %q}\n",
		serial, a.valid, serial)
	return nil
}
