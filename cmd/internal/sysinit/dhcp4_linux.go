package sysinit

import (
	"context"
	"fmt"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// dhcp4 is the DHCPv4 client of one interface (RFC 2131).
type dhcp4 struct {
	nic   string
	raw   *nclient4.Lease
	lease Lease
}

// get asks once; a server may need a while, and a switch port with spanning tree
// passes nothing for half a minute.
func (d *dhcp4) get(ctx context.Context) ([]Lease, error) {
	if err := awaitCarrier(ctx, d.nic); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, round-carrierWait)
	defer cancel()
	raw, err := request(ctx, d.nic)
	if err != nil {
		return nil, err
	}
	l, err := leaseFrom(d.nic, raw.ACK)
	if err != nil {
		return nil, err
	}
	if err := configure(l); err != nil {
		return nil, err
	}
	if d.raw != nil && d.lease.Address != l.Address {
		dropAddress(d.lease)
	}
	d.raw, d.lease = raw, l
	return []Lease{l}, nil
}

func request(ctx context.Context, nic string) (*nclient4.Lease, error) {
	c, err := nclient4.New(nic, nclient4.WithTimeout(2*time.Second), nclient4.WithRetry(10))
	if err != nil {
		return nil, fmt.Errorf("dhcp: %w", err)
	}
	defer c.Close()
	l, err := c.Request(ctx, dhcpv4.WithRequestedOptions(dhcpv4.OptionSubnetMask,
		dhcpv4.OptionRouter, dhcpv4.OptionDomainNameServer, dhcpv4.OptionDomainName,
		dhcpv4.OptionNTPServers, dhcpv4.OptionClasslessStaticRoute))
	if ctx.Err() != nil {
		return nil, fmt.Errorf("dhcp: no answer")
	}
	if err != nil {
		return nil, fmt.Errorf("dhcp: %w", err)
	}
	return l, nil
}

// hold renews the lease for as long as a drive may take to be overwritten, and
// returns when the time is over and the server did not renew it. Until a new
// address comes the old one stays in use: giving it up would only lose papers.
func (d *dhcp4) hold(ctx context.Context) {
	for until := time.Now().Add(d.lease.Time); time.Now().Before(until); {
		wait := max(d.lease.Time/2, time.Minute)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if d.renew(ctx) {
			until = time.Now().Add(d.lease.Time)
		}
	}
}

func (d *dhcp4) renew(ctx context.Context) bool {
	c, err := nclient4.New(d.nic)
	if err != nil {
		return false
	}
	defer c.Close()
	next, err := c.Renew(ctx, d.raw)
	if err == nil {
		d.raw = next
	}
	return err == nil
}
