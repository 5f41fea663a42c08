// Package simulatedtest boots machines whose disks are simulated drives, so that the
// commands which no emulator knows go the whole way through a kernel. It has tests only.
package simulatedtest
