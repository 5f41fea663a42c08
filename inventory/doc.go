// Package inventory tells what is here: every drive of the machine, who it is,
// what it can do, what it hides, and every reason to leave it alone. It never
// writes to a drive.
//
// Discover lists drives, File describes a regular file in place of one. A drive
// that is listed may still be held: Device.Eligible says why, and Open, the way
// to the handle that erases, refuses it. Everything a drive says of itself comes
// from package devio and the codecs below it; the list of names comes from ghw
// and /sys/block together.
//
// # What holds, and what is only told
//
// A hold says that the drive is in use now, or cannot be told from one that is:
// mounts in any namespace, swap, everything built on it (holders: LVM, md, dm,
// LUKS, bcache, btrfs, loop), programs that have it open for writing, targets that
// serve it to other machines, boot media, read-only, network transports, several
// paths or namesakes, zones, and claims of other hosts, which only the drive
// knows: SCSI persistent reservations and registrations, a RESERVATION CONFLICT,
// NVMe registrants. Lethe never registers, so that every key is another's; a
// drive that should answer and does not is held too.
//
// A label of a volume manager, a RAID or a file system alone is no hold. Retired
// servers are full of them, and an order that names the drive says that its
// contents may go. Labels are told in Device.Contents, and hold only with
// evidence of use:
//
//	ZFS                                  the pool of that name is imported here
//	DRBD                                 this system runs DRBD
//	VMFS, vSAN, GPFS, Ceph BlueStore,    the path leaves the machine or several controllers
//	Oracle ASM, DRBD, OCFS2, GFS2        serve it (HoldShared), or a process has it open
//	LVM, md, LUKS, bcache, btrfs, swap   the kernel shows the use itself
//
// That the drive sits in an enclosure is told (Device.Enclosure): a server's own
// backplane and a shelf shared with another server cannot be told apart. Their
// reservations can.
//
// Open looks again at use and claims, not at labels: a ZFS pool or DRBD device
// that came up in between holds the drive exclusively, and the claim fails.
package inventory
