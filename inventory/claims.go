package inventory

import (
	"fmt"
	"strings"

	"lethe/inventory/devio"
)

// claimHolds are the holds that other hosts put on a drive. A question that was
// asked and not answered holds too: the drive may be somebody's.
func claimHolds(c devio.Claims) []Hold {
	var hs []Hold
	add := func(format string, args ...any) { hs = append(hs, Hold{HoldReserved, fmt.Sprintf(format, args...)}) }
	if r := c.SCSI; r != nil {
		if r.Conflict {
			add("another host has reserved it (RESERVATION CONFLICT)")
		}
		if r.Held {
			add("another host holds a persistent reservation, %s, key %016x", r.TypeWord(), r.Key)
		}
		if n := len(r.Keys); n > 0 || r.More {
			add("%s%s of other hosts%s", count(n, "registration"), more(r.More), by(r.Names))
		}
	}
	if r := c.NVMe; r != nil {
		if r.Type != 0 || r.Holders > 0 {
			add("another host holds a reservation, %s", r.TypeWord())
		}
		if r.Registrants > 0 {
			add("%s of other hosts%s", count(r.Registrants, "registration"), by(r.Hosts))
		}
	}
	if c.Err != nil {
		hs = append(hs, Hold{HoldUnreadable, fmt.Sprintf("cannot tell whether another host has reserved it: %v", c.Err)})
	}
	return hs
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprint(n, " ", word, "s")
}

func more(m bool) string {
	if m {
		return " and more"
	}
	return ""
}

// by names a few of the hosts.
func by(names []string) string {
	if len(names) == 0 {
		return ""
	}
	const few = 4
	rest := ""
	if len(names) > few {
		names, rest = names[:few], " …"
	}
	return " (" + strings.Join(names, ", ") + rest + ")"
}
