package image

import "slices"

// Groups of drivers, by what they serve. A name must exist in each locked
// kernel, as a module or built in; see Profile.Modules.

// virtualDrivers are the disks and networks of hypervisors.
var virtualDrivers = []string{
	"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net", "virtio_console", "virtio_rng",
	"virtio_balloon", "vmw_pvscsi", "vmxnet3", "hv_vmbus", "hv_storvsc", "hv_netvsc",
	"pci_hyperv", "hid_hyperv", "hyperv_keyboard", "xen_blkfront", "xen_netfront",
}

// diskDrivers turn what adapters find into drives.
var diskDrivers = []string{"sd_mod", "sr_mod", "sg", "nvme", "mmc_block"}

// boardDrivers are what the boards of plain machines carry.
var boardDrivers = []string{
	"ahci", "ata_piix", "ata_generic",
	"sdhci_pci", "sdhci_acpi",
	"xhci_pci", "ehci_pci", "uhci_hcd", "ohci_pci", "usb_storage", "uas",
	"hid_generic", "usbhid", "atkbd", "i8042",
}

// emulatedHBAs are the SCSI adapters of virtual machines that old guests ask for.
var emulatedHBAs = []string{"mptspi", "mptsas", "sym53c8xx"}

// plainNICs are the wired networks of plain boards.
var plainNICs = []string{"e1000", "e1000e", "igb", "igc", "r8169", "realtek", "8139cp", "8139too", "tg3"}

// mediaDrivers read delivery sticks (FAT, with the tables that Debian's
// defaults ask for) and the CD that the image came on.
var mediaDrivers = []string{"vfat", "nls_cp437", "nls_ascii", "nls_utf8", "nls_iso8859-1", "isofs", "loop"}

// networkDrivers serve every card: VLANs.
var networkDrivers = []string{"8021q"}

// platformDrivers are firmware and clock.
var platformDrivers = []string{"efivarfs", "rtc_cmos"}

// checksumDrivers are what sd_mod and NVMe ask for by crypto alias.
var checksumDrivers = []string{"crct10dif", "crc64_rocksoft_generic", "crc32c_generic", "crc32c_intel"}

// ataDrivers are the PCI adapters of libata, serial and parallel. Not here are
// drivers for PCMCIA and for ports that cannot be probed without risk
// (pata_legacy).
var ataDrivers = []string{
	"acard_ahci", "pdc_adma", "sata_mv", "sata_nv", "sata_promise", "sata_qstor", "sata_sil",
	"sata_sil24", "sata_sis", "sata_svw", "sata_sx4", "sata_uli", "sata_via", "sata_vsc",
	"pata_ali", "pata_amd", "pata_artop", "pata_atiixp", "pata_atp867x", "pata_cmd64x",
	"pata_efar", "pata_hpt366", "pata_hpt37x", "pata_it8213", "pata_it821x",
	"pata_jmicron", "pata_marvell", "pata_mpiix", "pata_netcell", "pata_ninja32",
	"pata_ns87410", "pata_ns87415", "pata_oldpiix", "pata_pdc2027x", "pata_pdc202xx_old",
	"pata_piccolo", "pata_rdc", "pata_rz1000", "pata_sch", "pata_serverworks", "pata_sil680",
	"pata_sis", "pata_triflex", "pata_via",
}

// hbaDrivers are SCSI, SAS and RAID adapters. Not here, on purpose: Fibre
// Channel, FCoE and iSCSI adapters (qla2xxx, lpfc, bfa, fnic, qedf, qedi, …),
// which would log in to a storage network and bring up drives of others.
var hbaDrivers = []string{
	// SAS, with or without RAID
	"mpt3sas", "mpi3mr", "megaraid_sas", "hpsa", "smartpqi", "aacraid", "arcmsr",
	"mvsas", "mvumi", "pm80xx", "isci", "esas2r", "ipr", "pmcraid", "stex", "hptiop",
	"3w_9xxx", "3w_sas", "3w_xxxx", "mptsas", "mptctl", "ses",
	// parallel SCSI, with or without RAID
	"mptspi", "sym53c8xx", "aic7xxx", "aic79xx", "megaraid_mbox", "megaraid_mm", "ips",
	"myrb", "myrs", "BusLogic", "am53c974", "dc395x", "dmx3191d", "initio", "a100u2w", "atp870u",
}

// flashDrivers are NVMe behind Intel's Volume Management Device, PCIe flash
// from before NVMe, UFS, and card readers.
var flashDrivers = []string{
	"vmd", "mtip32xx", "ufshcd_pci",
	"rtsx_pci_sdmmc", "rtsx_usb_sdmmc", "via_sdmmc", "tifm_sd", "tifm_7xx1", "toshsd", "wbsd",
	"cb710_mmc", "ushc", "vub300",
}

// usbDrivers are USB bridges that usb-storage alone does not understand.
var usbDrivers = []string{
	"ums_alauda", "ums_cypress", "ums_datafab", "ums_freecom", "ums_isd200", "ums_jumpshot",
	"ums_karma", "ums_onetouch", "ums_realtek", "ums_sddr09", "ums_sddr55", "ums_usbat",
}

// serverNICs are by vendor: Intel, Broadcom, NVIDIA/Mellanox, Chelsio, Emulex,
// QLogic, Solarflare, Marvell/Aquantia, Cisco, Amazon, Google, Microsoft, AMD,
// Huawei, Myricom, 3Com, VIA, Atheros, NVIDIA nForce. USB adapters are those
// that people plug in; cdc_ether is left out, since it is how a BMC shows its
// private link, whose DHCP leads nowhere.
var serverNICs = []string{
	"e100", "igbvf", "ixgbe", "ixgbevf", "i40e", "iavf", "ice",
	"bnx2", "bnx2x", "bnxt_en", "b44",
	"mlx4_en", "mlx5_core",
	"cxgb3", "cxgb4", "cxgb4vf",
	"be2net",
	"qlcnic", "netxen_nic", "qede",
	"sfc", "sfc_falcon",
	"sky2", "skge", "atlantic",
	"enic", "ena", "gve", "mana",
	"amd_xgbe", "pcnet32",
	"hinic", "myri10ge", "3c59x", "via_rhine", "via_velocity",
	"alx", "atl1c", "atl1e", "forcedeth", "jme",
	"broadcom", "marvell", "bcm87xx", "smsc",
	"r8152", "ax88179_178a", "asix", "smsc95xx", "lan78xx", "aqc111",
}

// join returns the names of all groups, each once.
func join(groups ...[]string) []string {
	var out []string
	for _, n := range slices.Concat(groups...) {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
