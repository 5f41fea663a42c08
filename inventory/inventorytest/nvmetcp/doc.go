// Package nvmetcp is an NVMe/TCP target for tests: it serves a simulated subsystem to
// a real kernel, which then shows /dev/nvmeN and passes its ioctls on, or to the small
// Host here. It runs on the host of a virtual machine, so that killing the machine
// does not reset the drive.
//
// Offsets are those of the NVMe/TCP Transport Specification 1.0c (PDUs) and of the
// Base Specification 2.0c (Fabrics commands). There are no digests and no TLS, and
// nothing is authenticated: listen on the loopback interface.
//
// A Linux guest needs the module nvme-tcp and one line written to /dev/nvme-fabrics,
// see [Options]. It wants of a controller: KAS not 0, SGLS bits 0 and 20, IOCCSZ and
// IORCSZ, its SUBNQN; a version of 1.3 spares it further questions.
package nvmetcp
