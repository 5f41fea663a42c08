package record

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func testOrder() Order {
	from := At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	return Order{Format: OrderFormat, ID: "o1", Issued: from, Reason: ReasonDecommission,
		Machine: MachineTarget{Serial: "M1"}, Drives: []DriveTarget{{Serial: "A"}, {Serial: "B", NSID: 1}, {Serial: "B", NSID: 2}},
		Count: 3, Least: MethodClear, Profile: "nist-800-88r2",
		Window: Window{NotBefore: from, NotAfter: At(from.Add(time.Hour))}}
}

func TestOrderValidate(t *testing.T) {
	if err := testOrder().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(o *Order)
		want   string
	}{
		{func(o *Order) { o.Format = "lethe.order/v2" }, "format"},
		{func(o *Order) { o.ID = "" }, "no id"},
		{func(o *Order) { o.Reason = "spite" }, "reason"},
		// mutant: order.go: case o.Machine == MachineTarget{}: => case false:
		{func(o *Order) { o.Machine = MachineTarget{} }, "no machine"},
		{func(o *Order) { o.Drives, o.Count = nil, 0 }, "no drives"},
		// mutant: order.go: case o.Count != int64(len(o.Drives)): => case false:
		{func(o *Order) { o.Count = 2 }, "count 2"},
		{func(o *Order) { o.Drives = append(o.Drives, DriveTarget{Serial: "C"}) }, "count 3"},
		// mutant: order.go: case o.Least.Rank() < 1 || => case
		{func(o *Order) { o.Least = "" }, "least"},
		{func(o *Order) { o.Least = "Polish" }, "least"},
		{func(o *Order) { o.Least = MethodDestroy }, "least"},
		{func(o *Order) { o.Profile = "" }, "profile"},
		{func(o *Order) { o.Pattern = "noop" }, "pattern"},
		// mutant: order.go: case !o.Window.NotAfter.After(o.Window.NotBefore.Time): => case false:
		{func(o *Order) { o.Window.NotAfter = o.Window.NotBefore }, "window"},
		// mutant: order.go: if d.Serial == "" || d.NSID < 0 { => if d.NSID < 0 {
		{func(o *Order) { o.Drives[1].Serial = "" }, "without a serial"},
		{func(o *Order) { o.Drives[1].NSID = -1 }, "without a serial"},
		// mutant: order.go: t.NSID == u.NSID || => false ||
		{func(o *Order) { o.Drives[2].NSID = 1 }, "twice"},
		// mutant: order.go: t.NSID == 0 || u.NSID == 0) => false)
		{func(o *Order) { o.Drives[2].NSID = 0 }, "twice"},
		{func(o *Order) { o.Drives[1] = DriveTarget{Serial: "A", Model: "other"} }, "twice"},
		// mutant: order.go: case o.Technique != "" && => case false &&
		{func(o *Order) { o.Technique = "Vanish" }, "technique"},
		// mutant: native.go: case d.By == "": => case false:
		{func(o *Order) { o.Crypto = &CryptoDeclaration{AlwaysOn: "yes", Escrow: "no"} }, "nobody"},
		// mutant: native.go: case !word(d.AlwaysOn), !word(d.Escrow): => case !word(d.AlwaysOn) && false:
		{func(o *Order) { o.Crypto = &CryptoDeclaration{By: "A", AlwaysOn: "yes"} }, "neither yes"},
		{func(o *Order) { o.Crypto = &CryptoDeclaration{By: "A", AlwaysOn: "maybe", Escrow: "no"} }, "neither yes"},
		// mutant: order.go: if d.Remote != "" && remote != "" && d.Remote != remote { => if false {
		{func(o *Order) { o.Drives[0].Remote, o.Drives[1].Remote = "tcp a", "tcp b" }, "may name one"},
	} {
		o := testOrder()
		c.change(&o)
		if err := o.Validate(); !errors.Is(err, ErrOrderMalformed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
}

func TestOrderPermits(t *testing.T) {
	o := testOrder()
	from, to := o.Window.NotBefore.Time, o.Window.NotAfter.Time
	both := o
	both.Machine.UUID = "u"
	for _, c := range []struct {
		o    Order
		now  time.Time
		m    Machine
		want error
	}{
		{o, from, Machine{Serial: "M1"}, nil},
		{o, to, Machine{Serial: "M1", UUID: "any"}, nil},
		// mutant: order.go: case now.Before(o.Window.NotBefore.Time): => case false:
		{o, from.Add(-1), Machine{Serial: "M1"}, ErrOrderEarly},
		// mutant: order.go: case now.After(o.Window.NotAfter.Time): => case false:
		{o, to.Add(1), Machine{Serial: "M1"}, ErrOrderExpired},
		{o, time.Time{}, Machine{Serial: "M1"}, ErrOrderEarly},
		// mutant: order.go: case o.Machine.Serial != "" && o.Machine.Serial != m.Serial: => case false:
		{o, from, Machine{Serial: "M2"}, ErrOrderMachine},
		{o, from, Machine{}, ErrOrderMachine},
		{both, from, Machine{Serial: "M1", UUID: "u"}, nil},
		{both, from, Machine{Serial: "M1", UUID: "U"}, nil}, // case means nothing in a UUID
		// mutant: order.go: case o.Machine.UUID != "" && !strings.EqualFold(o.Machine.UUID, m.UUID): => case !strings.EqualFold("", ""):
		{both, from, Machine{Serial: "M1", UUID: "v"}, ErrOrderMachine},
		{both, from, Machine{Serial: "M2", UUID: "u"}, ErrOrderMachine},
	} {
		if err := c.o.Permits(c.now, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s %+v: %v; want %v", c.now, c.m, err, c.want)
		}
	}
}

func TestTargetMatches(t *testing.T) {
	id := Identity{Model: "M", Serial: "S", WWN: "5", NSID: 2}
	for _, c := range []struct {
		t    DriveTarget
		id   Identity
		want bool
	}{
		{DriveTarget{Serial: "S"}, id, true},
		{DriveTarget{Serial: "S", Model: "M", WWN: "5", NSID: 2}, id, true},
		{DriveTarget{Serial: "s"}, id, false},
		{DriveTarget{}, id, false},
		// mutant: order.go: return t.Serial == i.Name() && t.Serial != "" && => return t.Serial == i.Serial &&
		{DriveTarget{}, Identity{}, false},
		{DriveTarget{Serial: "S", Model: "N"}, id, false},
		{DriveTarget{Serial: "S", WWN: "6"}, id, false},
		{DriveTarget{Serial: "S", NSID: 1}, id, false},
		{DriveTarget{Serial: "loop:x"}, Identity{Backing: "loop:x"}, true},
	} {
		if got := c.t.Matches(c.id); got != c.want {
			t.Errorf("%+v matches %+v: %v", c.t, c.id, got)
		}
	}
}
