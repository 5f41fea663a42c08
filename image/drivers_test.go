package image

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lethe/image/kernel"
	"lethe/image/kmod"
)

// Names as the promise has them, by bus; an adapter that is promised must be in
// the list and in both kernels.
var promised = map[string][]string{
	"ata": {"ahci", "ata_piix", "ata_generic", "sata_mv", "sata_nv", "sata_sil24", "sata_promise",
		"pata_amd", "pata_serverworks", "pata_via"},
	"scsi hba": {"mpt3sas", "mptsas", "mptspi", "mpi3mr", "megaraid_sas", "hpsa", "smartpqi", "aacraid",
		"arcmsr", "mvsas", "pm80xx", "isci", "3w-9xxx", "3w-sas", "3w-xxxx", "sym53c8xx", "aic7xxx", "aic79xx"},
	"nvme":    {"nvme", "vmd"},
	"mmc":     {"mmc_block", "sdhci_pci", "sdhci_acpi"},
	"ufs":     {"ufshcd_pci"},
	"usb":     {"usb_storage", "uas", "xhci_pci", "ehci_pci", "uhci_hcd", "ohci_pci"},
	"virtual": {"virtio_blk", "virtio_scsi", "vmw_pvscsi", "hv_storvsc", "xen_blkfront"},
	"input":   {"usbhid", "hid_generic", "atkbd"},
	"files":   {"vfat", "nls_cp437", "nls_ascii", "nls_utf8", "efivarfs"},
	"networks": {"ixgbe", "i40e", "ice", "igb", "e1000e", "tg3", "bnx2", "bnx2x", "bnxt_en", "mlx4_en",
		"mlx5_core", "cxgb4", "be2net", "qlcnic", "qede", "sfc", "atlantic", "enic", "ena", "gve",
		"amd_xgbe", "r8169", "vmxnet3", "hv_netvsc", "xen_netfront", "virtio_net"},
}

// TestFullHasWhatIsPromised needs no kernel: the list itself is held.
func TestFullHasWhatIsPromised(t *testing.T) {
	have := map[string]bool{}
	for _, n := range full.wanted() {
		have[kmod.Normalize(n)] = true
	}
	for bus, names := range promised {
		for _, n := range names {
			if !have[kmod.Normalize(n)] {
				t.Errorf("%s: %s is not in profile full", bus, n)
			}
		}
	}
	for _, n := range vm.wanted() {
		if !have[kmod.Normalize(n)] {
			t.Errorf("%s is in profile vm and not in full", n)
		}
	}
}

// A storage network brings up the drives of others: its adapters must stay out.
func TestNoStorageNetworks(t *testing.T) {
	for series := range kernel.Locks() {
		x := lockedIndex(t, series)
		steps, err := x.Order(full.wanted()...)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			for _, bad := range []string{"libfc", "libiscsi", "iscsi_tcp", "nvme_fabrics",
				"nvme_tcp", "nvme_rdma", "qla2xxx", "lpfc", "ib_srp"} {
				if s.Name == bad {
					t.Errorf("kernel %s: %s is in the image", series, bad)
				}
			}
		}
	}
}

// Every name of every profile exists in every locked kernel, and nobody's
// module comes as a compressed file, which would triple the time to load it.
func TestProfilesInAllKernels(t *testing.T) {
	for series := range kernel.Locks() {
		x := lockedIndex(t, series)
		for _, p := range Profiles() {
			steps, err := x.Order(p.wanted()...)
			if err != nil {
				t.Errorf("kernel %s, profile %s: %v", series, p.Name, err)
			}
			for _, s := range steps {
				if !strings.HasSuffix(s.Path, ".ko") {
					t.Errorf("kernel %s: %s is compressed", series, s.Path)
				}
			}
		}
	}
}

func lockedIndex(t *testing.T, series string) *kmod.Index {
	t.Helper()
	cache, err := filepath.Abs("../out/cache")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := lockDir(t.Context(), cache)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	l, err := kernel.ReadLock(filepath.Join("kernel", kernel.Locks()[series]))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := kernel.Get(t.Context(), l, cache)
	if err != nil {
		t.Fatal(err)
	}
	x, err := kmod.Load(tree.ModulesFS())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestModuleList(t *testing.T) {
	p := Profile{Always: []string{"sd_mod"}, Hotplug: []string{"nvme"}, Modules: []string{"nvme", "ahci"},
		Options: map[string]string{"libata": "allow_tpm=1"}}
	if got, want := p.moduleList(), "load sd_mod\nhotplug nvme\noptions libata allow_tpm=1\n"; got != want {
		t.Errorf("list = %q, want %q", got, want)
	}
	if got := p.wanted(); !slices.Equal(got, []string{"nvme", "ahci", "sd_mod", "libata"}) {
		t.Errorf("wanted = %q", got)
	}
}
