package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"lethe/certs/deliver"
)

// advice says what a person at the machine can do about a depot that does not take
// papers. Whatever they do, the papers wait.
func advice(err error, now time.Time, up bool) string {
	var no *deliver.RefusedError
	const clock = "2006-01-02 15:04 UTC"
	switch text := err.Error(); {
	case !up:
		return "this machine has no network: plug in a cable, or check the switch port, its VLAN and DHCP"
	case errors.Is(err, deliver.ErrUntrusted):
		return fmt.Sprintf("check that the depot's certificate leads to a root of the site file, names the address in it, and is valid at this machine's time, %s", now.UTC().Format(clock))
	case errors.As(err, &no):
		return "the depot refuses this paper for good: read its log"
	case strings.Contains(text, "depot answers 5"):
		return "the depot is there and in trouble: look at its log and its disk"
	case strings.Contains(text, "no such host") || strings.Contains(text, "lookup "):
		return "the depot's name cannot be found: check the DNS server, or put its address into the site file"
	}
	return "check that the depot runs, and that its address, the firewall and the proxy lead to it"
}

// adviseEvery is after how many failed tries in a row the advice is given again.
const adviseEvery = 20

// adviser remembers the advice that was given last.
type adviser struct {
	mu   sync.Mutex
	last string
}

// due reports whether the nth failed try is one to give this advice at: the third,
// every twentieth, and one whose trouble is another than the last.
func (a *adviser) due(n int, text string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n < 3 || n != 3 && n%adviseEvery != 0 && text == a.last {
		return false
	}
	a.last = text
	return true
}
