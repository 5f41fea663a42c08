package archtest

// rule: no package of who may reach one of never, directly or through packages of
// ours, except those in but.
type rule struct {
	who   []string
	never []string
	but   []string
	why   string
}

var ours = []string{"certs/...", "wipe/...", "inventory/...", "image/...", "cmd/..."}

// codecs spell commands and decode answers; they make no system call.
var codecs = []string{"inventory/ata", "inventory/scsi", "inventory/nvme", "inventory/tcg", "inventory/mmc", "inventory/internal/ascii"}

var rules = []rule{
	{codecs, []string{"os", "os/exec", "net/...", "syscall", "golang.org/x/sys/...", "unsafe"}, nil,
		"pure: what spells a command carries none out"},
	{[]string{"certs/record"}, ours, nil,
		"it is the leaf that anything may import, and a reader must be able to lift it out"},
	{[]string{"wipe/judge", "wipe/profile", "wipe/verify/sample", "wipe/verify/canary"}, ours, []string{"certs/record", "wipe/judge", "wipe/profile", "wipe/verify/sample", "wipe/verify/canary"},
		"a verdict is derived by a pure function; no device code lies below it"},
	{[]string{"certs/record", "wipe/judge", "wipe/profile", "wipe/verify/sample", "wipe/verify/canary"}, []string{"os", "os/exec", "net/...", "syscall", "golang.org/x/sys/...", "time/tzdata", "crypto/rand", "math/rand/..."}, nil,
		"pure: no I/O, no clock of its own, no chance"},
	{[]string{"certs/..."}, []string{"inventory/...", "cmd/...", "image/..."}, nil,
		"papers are made and checked where no drive is"},
	{[]string{"certs/..."}, []string{"wipe/..."}, []string{"wipe/judge", "wipe/profile", "wipe/verify/sample", "wipe/verify/canary"},
		"papers are made from transcripts, not from the engine that wrote them"},
	{[]string{"inventory/..."}, []string{"wipe/...", "cmd/...", "image/..."}, nil,
		"it says what is here and never writes to a drive"},
	{[]string{"inventory/..."}, []string{"certs/..."}, []string{"certs/record"},
		"it opens drives, so it is kept from keys and papers"},
	{[]string{"wipe/..."}, []string{"cmd/...", "image/...", "inventory/..."}, codecs,
		"the engine is given drives by whoever calls; that may be a simulated one"},
	{[]string{"wipe/..."}, []string{"certs/..."}, []string{"certs/record"},
		"a worker holds a drive and nothing else: no key, no paper (law 9)"},
	{[]string{"wipe/...", "inventory/..."}, []string{"net", "net/..."}, nil,
		"what touches drives knows no network"},
	{[]string{"image/..."}, []string{"certs/...", "wipe/...", "inventory/...", "cmd/..."}, nil,
		"the image is an island: it is built from files, not from our types"},
	{[]string{"cmd/lethe-check"}, []string{"inventory/...", "image/...", "cmd/lethe/...", "cmd/internal/job", "cmd/internal/sysinit"}, nil,
		"an auditor's tool links no device code"},
	{[]string{"cmd/lethe-check"}, []string{"wipe/..."}, []string{"wipe/judge", "wipe/profile", "wipe/verify/sample", "wipe/verify/canary"},
		"an auditor's tool links no device code"},
	{[]string{"cmd/lethe-check"}, []string{"golang.org/x/sys/...", "net/http", "os/exec", "certs/deliver", "certs/spool"}, nil,
		"an auditor's tool asks no kernel, no network and no other program"},
	{[]string{"cmd/lethe-depot/..."}, []string{"inventory/...", "wipe", "wipe/overwrite/...", "wipe/verify", "image/..."}, nil,
		"a depot judges and keeps; it has no drive to erase"},
	{[]string{"cmd/internal/job"}, []string{"inventory/...", "net/http", "certs/deliver", "certs/spool"}, nil,
		"the sequence does no I/O of its own"},
}

// direct: only the packages of may import what, whatever lies behind it.
type direct struct {
	what []string
	may  []string
	why  string
}

var directs = []direct{
	{[]string{"github.com/sirupsen/logrus", "log", "log/..."}, []string{"cmd/..."},
		"libraries are silent: they return errors and emit typed events"},
	{[]string{"github.com/jaypipes/ghw", "github.com/jaypipes/ghw/..."}, []string{"inventory"},
		"one file knows ghw; the drive's own word overrules it"},
	{[]string{"github.com/go-pdf/fpdf"}, []string{"certs/pdf"},
		"one package draws pages"},
	{[]string{"os/exec"}, []string{
		"wipe",                    // the spawner of workers: our own executable, one process a drive (law 6)
		"image/...",               // built on a builder's machine: apt, go, QEMU
		"cmd/internal/demo/...",   // runs on the operator's host: losetup, mkfs, pdfsig
		"cmd/internal/mutants",    // a developer's tool: runs go test
		"cmd/internal/bench",      // a developer's tool: runs fio, dd, shred and nwipe beside lethe
		"cmd/internal/sysinit",    // starts lethe, and a shell after it, in place of u-root's init
		"inventory/inventorytest", // loop devices for tests
	},
		"the product runs no other program: what hdparm or nvme would do, our codecs do"},
	{[]string{"C", "plugin"}, nil,
		"one static binary"},
	{[]string{"testing"}, nil,
		"tests stay in tests; packages that support them say so by name"},
}

// files: within a package that may import what, only this file does.
type file struct {
	pkg, what, name string
}

var files = []file{
	{"inventory", "github.com/jaypipes/ghw", "ghw.go"},
	{"wipe", "os/exec", "process_linux.go"},
}
