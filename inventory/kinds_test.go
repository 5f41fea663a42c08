package inventory_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"lethe/inventory"
	"lethe/inventory/inventorytest"
)

// causes has something that brings about each kind of hold: on a real device
// where a machine can have one without hardware, else in a made-up tree.
var causes = map[inventory.HoldKind]func(t *testing.T) inventory.Device{
	inventory.HoldMounted: func(t *testing.T) inventory.Device {
		dev := inventorytest.Loop(t, "", 32*mib)
		inventorytest.Run(t, "mkfs.ext4", "-q", dev)
		inventorytest.Mount(t, dev)
		return find(t, dev)
	},
	inventory.HoldSwap: func(t *testing.T) inventory.Device {
		dev := inventorytest.Loop(t, "", 16*mib)
		inventorytest.Run(t, "mkswap", dev)
		inventorytest.Run(t, "swapon", dev)
		t.Cleanup(func() { inventorytest.Run(t, "swapoff", dev) })
		return find(t, dev)
	},
	inventory.HoldHeld: func(t *testing.T) inventory.Device {
		dev := inventorytest.Loop(t, "", mib)
		inventorytest.Attach(t, dev)
		return find(t, dev)
	},
	inventory.HoldReadOnly: func(t *testing.T) inventory.Device {
		return find(t, inventorytest.Loop(t, "", mib, "--read-only"))
	},
	inventory.HoldDuplicate: func(t *testing.T) inventory.Device {
		p := imageFile(t, t.TempDir(), mib)
		inventorytest.Attach(t, p)
		return find(t, inventorytest.Attach(t, p))
	},
	inventory.HoldSize: func(t *testing.T) inventory.Device { return file(t, imageFile(t, t.TempDir(), 700)) },
	inventory.HoldBoot: simulated("sda", func(tr *inventorytest.Tree, _ *inventorytest.Probe) {
		tr.File("proc/cmdline", "root=/dev/sda1\n")
	}),
	inventory.HoldRemote: simulated("nvme0n1", func(tr *inventorytest.Tree, _ *inventorytest.Probe) {
		tr.File("sys/class/nvme/nvme0/transport", "rdma\n")
	}),
	inventory.HoldReserved: simulated("sdb", func(_ *inventorytest.Tree, p *inventorytest.Probe) {
		p.SCSI.(*inventorytest.SCSIDrive).Reserved = &inventorytest.Reserved{Keys: []uint64{1}}
	}),
	inventory.HoldShared: simulated("nvme0n1", func(tr *inventorytest.Tree, p *inventorytest.Probe) {
		tr.File("sys/class/nvme/nvme0/transport", "rdma\n")
		p.Head = []byte(bluestore)
	}),
	inventory.HoldMultipath: simulated("sdb", func(tr *inventorytest.Tree, _ *inventorytest.Probe) {
		dm(tr, "sdb", "dm-3", 3, map[string]string{"dm/name": "mpatha", "dm/uuid": "mpath-35000"})
	}),
	inventory.HoldIdentity: simulated("vda", func(tr *inventorytest.Tree, _ *inventorytest.Probe) {
		tr.File("sys/block/vda/serial", "")
	}),
	inventory.HoldZoned: simulated("sdb", func(tr *inventorytest.Tree, _ *inventorytest.Probe) {
		tr.File("sys/block/sdb/queue/zoned", "host-managed\n")
	}),
	inventory.HoldUnreadable: simulated("nvme0n1", func(_ *inventorytest.Tree, p *inventorytest.Probe) {
		p.NVMe.(*inventorytest.NVMeDrive).ONCS = 0x20
		p.NVMeIO = &inventorytest.NVMeHosts{Status: 6}
	}),
	inventory.HoldTransport: func(t *testing.T) inventory.Device {
		tr := inventorytest.NewTree(t)
		tr.Add(inventorytest.Disk{Dir: "ndbus0/region0/block/pmem0", Major: 259, Size: mib})
		return discover(t, tr, map[string]*inventorytest.Probe{"pmem0": {Root: tr.Root, Name: "pmem0"}})["pmem0"]
	},
}

// simulated edits one drive of the made-up server.
func simulated(node string, edit func(*inventorytest.Tree, *inventorytest.Probe)) func(*testing.T) inventory.Device {
	return func(t *testing.T) inventory.Device {
		tr, probes := server(t)
		edit(tr, probes[node])
		return discover(t, tr, probes)[node]
	}
}

// TestEveryHoldKind holds that there is a cause here for every kind that hold.go
// declares, and that each is found and refused. A kind that is declared and not
// caused makes it fail.
func TestEveryHoldKind(t *testing.T) {
	kinds := declared(t)
	if len(kinds) != len(causes) {
		t.Errorf("%d kinds are declared, %d have a cause", len(kinds), len(causes))
	}
	for _, k := range kinds {
		t.Run(string(k), func(t *testing.T) {
			cause := causes[k]
			if cause == nil {
				t.Fatal("nothing here causes this hold: add something")
			}
			var he *inventory.HoldError
			d := cause(t)
			if err := d.Eligible(); !errors.As(err, &he) || !he.Has(k) {
				t.Errorf("%v; want a hold of kind %s", err, k)
			}
			if h, _, err := inventory.Open(ctx, d); err == nil {
				h.Close()
				t.Error("Open claimed it")
			} else if !errors.As(err, &he) {
				t.Errorf("Open = %v; want a HoldError", err)
			}
		})
	}
}

// declared are the constants of type HoldKind.
func declared(t *testing.T) (out []inventory.HoldKind) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "hold.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == "HoldKind" {
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, inventory.HoldKind(s))
		}
		return true
	})
	return out
}
