package main

import (
	"flag"
	"slices"
	"strings"

	"lethe/image"
	"lethe/image/menu"
)

// artefactFlags are the flags that say in which forms an image is written.
type artefactFlags struct {
	formats string
	words   string
	menu    menu.Menu
}

// kernelOnly is the word for no format at all.
const kernelOnly = "kernel"

func addArtefactFlags(fs *flag.FlagSet) *artefactFlags {
	a := &artefactFlags{}
	fs.StringVar(&a.formats, "formats", "all", "`list` of what to write beside kernel and initramfs: all, "+
		kernelOnly+" (nothing), or some of "+strings.Join(image.Formats(), ","))
	fs.StringVar(&a.words, "words", "", "further `words` of the kernel command line, for all boot loaders")
	fs.StringVar(&a.menu.Default, "menu-default", menu.Erase, "`choice` that a boot menu takes by itself: list, erase or local")
	fs.IntVar(&a.menu.Seconds, "menu-seconds", 5, "`seconds` until then; 0 waits for a person")
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
	o.Menu = a.menu
	o.Menu.Words = strings.TrimSpace(menu.KernelWords + " " + a.words)
	if err := o.Menu.Check(); err != nil {
		return &usageError{err.Error()}
	}
	return nil
}
