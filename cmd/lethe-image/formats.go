package main

import (
	"flag"
	"slices"
	"strings"

	"lethe/image"
	"lethe/image/menu"
	"lethe/image/secureboot"
)

// artefactFlags are the flags that say in which forms an image is written.
type artefactFlags struct {
	formats string
	words   string
	menu    menu.Menu
	key     string
	cert    string
	efi     string
	site    string
	stick   *stickFlags
}

// kernelOnly is the word for no format at all.
const kernelOnly = "kernel"

func addArtefactFlags(fs *flag.FlagSet) *artefactFlags {
	a := &artefactFlags{}
	fs.StringVar(&a.formats, "formats", "all", "`list` of what to write beside kernel and initramfs: all, "+
		kernelOnly+" (nothing), or some of "+strings.Join(image.Formats(), ","))
	fs.StringVar(&a.site, "site", "", "site `file`, see image/site/example.yaml; its files go into the image")
	a.stick = addStickFlags(fs)
	fs.StringVar(&a.words, "words", "", "further `words` of the kernel command line, for all boot loaders")
	fs.StringVar(&a.menu.Default, "menu-default", menu.Erase, "`choice` that a boot menu takes by itself: list, erase or local")
	fs.IntVar(&a.menu.Seconds, "menu-seconds", 5, "`seconds` until then; 0 waits for a person")
	fs.StringVar(&a.key, "sb-key", "", "`file` of the key that signs lethe.efi (lethe-image keys: db.key)")
	fs.StringVar(&a.cert, "sb-cert", "", "`file` of its certificate (db.pem)")
	fs.StringVar(&a.efi, "efi", image.EFIShim, "what ISO and USB start on UEFI: shim (Debian's signed shim, GRUB and kernel)\n"+
		"or uki (lethe.efi, for machines with your own keys)")
	return a
}

// apply fills in the options.
func (a *artefactFlags) apply(o *image.Options) error {
	switch a.formats {
	case "all":
		o.Formats = image.Formats()
	case kernelOnly, "":
	default:
		o.Formats = strings.Split(a.formats, ",")
	}
	for _, f := range o.Formats {
		if !slices.Contains(image.Formats(), f) {
			return &usageError{"no format " + f + ": there are " + strings.Join(image.Formats(), ", ")}
		}
	}
	if (a.key == "") != (a.cert == "") {
		return &usageError{"--sb-key and --sb-cert go together"}
	}
	if a.key != "" {
		s, err := secureboot.ReadSigner(a.key, a.cert)
		if err != nil {
			return err
		}
		o.SecureBoot = &s
	}
	if o.EFI = a.efi; o.EFI != image.EFIShim && o.EFI != image.EFIUKI {
		return &usageError{"--efi is " + image.EFIShim + " or " + image.EFIUKI}
	}
	consoles, err := addSite(o, a.site)
	if err != nil {
		return err
	}
	if err := a.stick.apply(o); err != nil {
		return err
	}
	o.Menu = a.menu
	o.Menu.Words = menu.KernelWords(consoles, a.words)
	if err := o.Menu.Check(); err != nil {
		return &usageError{err.Error()}
	}
	return nil
}
