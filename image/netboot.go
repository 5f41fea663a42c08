package image

import (
	"context"
	"fmt"
	"os"

	"lethe/image/debian"
	"lethe/image/measure"
	"lethe/image/pxe"
	"lethe/image/uki"
)

func ukiNeeds() []debian.Need {
	return []debian.Need{{Path: uki.Stub, Package: "systemd-boot-efi"}}
}

func pxeNeeds() []debian.Need { return pxe.Needs() }

// writeUKI writes the unified kernel image and predicts what it measures.
func writeUKI(_ context.Context, a *artefacts) error {
	b, err := a.unified()
	if err != nil {
		return err
	}
	if a.pcrs, err = measure.UKI(b); err != nil {
		return err
	}
	return a.add(UKIFile, b)
}

// unified returns the unified kernel image, signed where there is a key.
func (a *artefacts) unified() ([]byte, error) {
	if a.uki != nil {
		return a.uki, nil
	}
	stub, err := os.ReadFile(uki.Stub)
	if err != nil {
		return nil, fmt.Errorf("read EFI stub: %w", err)
	}
	if err := measure.CheckStub(stub); err != nil {
		return nil, err
	}
	b, err := uki.Build(stub, uki.Parts{
		OSRelease: fmt.Sprintf("ID=lethe\nNAME=Lethe\nPRETTY_NAME=\"%s\"\nVERSION_ID=%s\nIMAGE_ID=lethe-%s\nIMAGE_VERSION=%s\n",
			a.label.title(), a.label.version, a.label.profile, a.label.digest),
		Cmdline: a.menu.Words, Uname: a.label.release, Kernel: a.vmlinuz, Initrd: a.initrd,
	})
	if err == nil && a.opt.SecureBoot != nil {
		b, err = a.opt.SecureBoot.SignImage(b)
	}
	if err != nil {
		return nil, err
	}
	a.uki = b
	return b, nil
}

// writePXE writes the folder for TFTP and HTTP servers. Kernel, initramfs and
// unified image are in it again, as a server's root must hold them.
func writePXE(_ context.Context, a *artefacts) error {
	files, err := pxe.Files(a.menu, KernelFile, InitrdFile)
	if err != nil {
		return err
	}
	files = append(files, pxe.File{Path: KernelFile, Data: a.vmlinuz}, pxe.File{Path: InitrdFile, Data: a.initrd})
	if a.uki != nil {
		files = append(files, pxe.File{Path: UKIFile, Data: a.uki})
	}
	for _, f := range files {
		if err := a.add(PXEFolder+"/"+f.Path, f.Data); err != nil {
			return err
		}
	}
	return nil
}
