package demo

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"lethe/certs/sign"
	"lethe/image"
	"lethe/image/boottest"
	"lethe/image/initramfs"
	"lethe/image/site"
)

// Artefact is what the machine boots instead of kernel, initramfs and an overlay:
// an image that has site file, keys and order inside, built for this run by
// lethe-image, as a site builds its own.
type Artefact struct {
	Profile string   // "vm" where empty
	Formats string   // for lethe-image build
	Args    []string // further arguments of lethe-image build
	// Stick is for the USB image: it brings the order and takes the papers, and
	// there is no depot.
	Stick bool
	// Config says how the machine boots the folder that lethe-image wrote: firmware,
	// medium, chipset. The rest is filled in.
	Config func(dir string) (boottest.Config, error)
}

// StickSerial is what the site calls its delivery stick.
const StickSerial = "DEMO-STICK-1"

// papersAt is where the papers' partition of the USB image begins, in bytes.
const papersAt = 1 << 20

// errWritten is returned when the machine changed what it booted from.
var errWritten = errors.New("the machine wrote to its boot medium")

func (s *stage) artefactDir() string { return filepath.Join(s.work, "image") }

// buildArtefact writes site.yaml and its files into a folder and builds the image
// with them.
func (s *stage) buildArtefact(st site.Site, files []initramfs.File) error {
	dir := filepath.Join(s.work, "site")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, path.Base(f.Path)), f.Data, f.Mode); err != nil {
			return err
		}
	}
	st.Trust = []string{path.Base(st.Trust[0])}
	st.Key, st.Chain, st.Order, st.PowerOff = path.Base(st.Key), path.Base(st.Chain), base(st.Order), site.AtEndDone
	a := s.Artefact
	args := []string{"build", "--profile", "vm", "--lethe", filepath.Join(s.Bin, "lethe"), "--out", s.artefactDir(),
		"--site", filepath.Join(dir, "site.yaml"), "--formats", a.Formats, "--menu-seconds", "1"}
	if !s.Live {
		args = append(args, "--words", "lethe.plain")
	}
	if a.Profile != "" {
		args = append(args, "--profile", a.Profile)
	}
	if a.Stick {
		st.Depot, st.Stick = "", &site.Stick{Serial: StickSerial}
		more, err := s.stickArgs(dir, &st)
		if err != nil {
			return err
		}
		args = append(args, more...)
	}
	b, err := json.Marshal(st) // YAML takes it, too
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "site.yaml"), b, 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(s.ctx, filepath.Join(s.Bin, "lethe-image"), append(args, a.Args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build image: %w\n%s", err, out)
	}
	return nil
}

// stickArgs have the marker signed for the stick, and the order put onto it
// instead of into the site file.
func (s *stage) stickArgs(dir string, st *site.Site) ([]string, error) {
	key, cert := filepath.Join(dir, "approver-key.pem"), filepath.Join(dir, "approver.pem")
	if err := sign.WriteSigner(key, cert, s.approver); err != nil {
		return nil, err
	}
	args := []string{"--stick-serial", StickSerial, "--stick-key", key, "--stick-cert", cert, "--stick-size", "36"}
	if st.Order != "" {
		args = append(args, "--stick-order", filepath.Join(dir, st.Order))
		st.Order = ""
	}
	return args, nil
}

func base(p string) string {
	if p == "" {
		return ""
	}
	return path.Base(p)
}

// config is the machine without its drives.
func (s *stage) config() (boottest.Config, error) {
	if s.Artefact != nil {
		c, err := s.Artefact.Config(s.artefactDir())
		c.Network = !s.Artefact.Stick
		return c, err
	}
	c := boottest.Config{
		Kernel: filepath.Join(s.Image, image.KernelFile), Initrd: filepath.Join(s.Image, image.InitrdFile),
		Overlays: [][]byte{s.overlay}, Append: "lethe.poweroff", Network: true,
	}
	if !s.Live {
		c.Append += " lethe.plain"
	}
	return c, nil
}

// sealed remembers what a stick or disk holds that the machine boots from; the
// function it returns is an error if that has changed. A stick for papers changes.
func (s *stage) sealed(b boottest.Boot) (func() error, error) {
	if b.From != boottest.Stick && b.From != boottest.Disk || s.Artefact.Stick {
		return func() error { return nil }, nil
	}
	before, err := digest(b.Path)
	return func() error {
		after, err := digest(b.Path)
		if err == nil && after != before {
			err = errWritten
		}
		return err
	}, err
}

func digest(name string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	h.Sum(sum[:0])
	return sum, err
}

// stickPapers copies the papers from the stick's first partition into a folder.
func (s *stage) stickPapers() (string, error) {
	to := filepath.Join(s.work, "papers")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", err
	}
	from := fmt.Sprintf("%s@@%d", s.booted.Path, papersAt)
	out, err := exec.CommandContext(s.ctx, "mcopy", "-s", "-n", "-i", from, "::LETHE/papers/*", to).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("read the stick: %w\n%s", err, out)
	}
	return to, nil
}
