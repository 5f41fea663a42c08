package labels

// types are GPT partition types, lower case, and MBR types of two digits, that
// stand for a kind (UEFI registry, vendors' own lists).
var types = map[string]Kind{
	"6a898cc3-1dd2-11b2-99a6-080020736631": ZFS,
	"516e7cba-6ecf-11d6-8ff8-00022d09712b": ZFS, // FreeBSD
	"e6d6d379-f507-44c2-a23c-238f2a3df928": LVM,
	"a19d880f-05fc-4d3b-a006-743f0f84911e": MD,
	"ca7d7ccb-63ed-4c53-861c-1742536059cc": LUKS,
	"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": Swap,
	"e75caf8f-f680-4cee-afa3-b001e56efc2d": Windows, // Storage Spaces
	"af9b60a0-1431-4f62-bc68-3311714a69ad": Windows, // LDM data
	"4fbd7e29-9d25-41b8-afd0-062c0ceff05d": BlueStore,
	"cafecafe-9b03-4f30-b4c6-b4b80ceff106": BlueStore,
	"aa31e02a-400f-11db-9590-000c2911d1b8": VMFS,
	"4eb2ea39-7855-4790-a79e-fae495e21f8d": VMFS, // VMFS-L
	"381cfccc-7288-11e0-92ee-000c2911d0b2": VSAN,
	"37affc90-ef7d-4e96-91c3-2d7ae055b174": GPFS,
	"8e":                                   LVM,
	"fd":                                   MD,
	"82":                                   Swap,
	"fb":                                   VMFS,
}

// OfType is the kind a partition type stands for, "" for none.
func OfType(typ string) Kind { return types[typ] }
