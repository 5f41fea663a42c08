// Nvmeguest stands in for the lethe binary in a virtual machine: it connects to the
// simulated NVMe drive of the host and has it erase itself by the product's own
// channel and codecs. What it sees it prints as lines a test can search.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"lethe/certs/record"
	"lethe/cmd/internal/sysinit"
	"lethe/inventory/devio"
	"lethe/wipe/erasenvme"
)

func main() {
	if status, ok := sysinit.Applet(os.Args); ok {
		os.Exit(status)
	}
	if err := run(context.Background()); err != nil {
		fmt.Println("GUEST error", err)
		time.Sleep(time.Hour)
	}
	fmt.Println("GUEST end")
	fmt.Println("GUEST power-off failed:", sysinit.PowerOff())
}

func run(ctx context.Context) error {
	s, err := sysinit.Run(ctx, func(e sysinit.Event) { fmt.Printf("GUEST event %s\n", e) })
	if err != nil {
		return err
	}
	if err := s.Net.Ready(ctx); err != nil {
		return err
	}
	if err := os.WriteFile("/dev/nvme-fabrics", []byte(os.Getenv("nvme_drive")), 0); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	for range 600 {
		if m, _ := filepath.Glob("/dev/nvme*n1"); len(m) > 0 {
			return work(ctx, m[0])
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("no namespace has come")
}

func work(ctx context.Context, node string) error {
	h, err := devio.Open(node)
	if err != nil {
		return err
	}
	defer h.Close()
	id, err := h.Identify(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("GUEST drive %s %s %d\n", node, id.Identity, h.Size())
	if os.Getenv("nvme_again") == "" {
		if err := format(ctx, h); err != nil {
			return err
		}
	}
	return sanitize(ctx, h, os.Getenv("nvme_again") != "")
}

func tell(x record.Exchange) error {
	fmt.Printf("GUEST told %s | %s | %s\n", x.Name, x.Request, x.Status)
	return nil
}

// block is one sector of memory, aligned as O_DIRECT wants it.
func block(h *devio.Handle, fill byte) []byte {
	n := h.LogicalSector()
	b := make([]byte, n+4096)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & 4095
	b = b[skip : skip+n]
	copy(b, bytes.Repeat([]byte{fill}, n))
	return b
}

func look(h *devio.Handle, when string) {
	b := block(h, 0x11)
	_, err := h.ReadAt(b, 0)
	fmt.Printf("GUEST %s reads %02x %v\n", when, b[0], err)
}

func format(ctx context.Context, h *devio.Handle) error {
	look(h, "at first")
	conn, err := h.NVMe()
	if err != nil {
		return err
	}
	f, err := erasenvme.Read(ctx, conn, tell)
	if err != nil {
		return err
	}
	fmt.Printf("GUEST supports %v %v\n", erasenvme.FormatUser.Supports(f), erasenvme.SanitizeOverwrite.Supports(f))
	e := erasenvme.New(erasenvme.FormatUser, conn, tell)
	if err := e.Start(ctx, erasenvme.Options{}); err != nil {
		return err
	}
	if err := e.Wait(ctx, time.Second, nil); err != nil {
		return err
	}
	look(h, "formatted")
	if _, err := h.WriteAt(block(h, 0x77), 0); err != nil {
		return err
	}
	if err := h.Flush(ctx); err != nil {
		return err
	}
	look(h, "written")
	return nil
}

func sanitize(ctx context.Context, h *devio.Handle, again bool) error {
	conn, err := h.NVMe()
	if err != nil {
		return err
	}
	e := erasenvme.New(erasenvme.SanitizeOverwrite, conn, tell)
	if again {
		r, err := e.Recover(ctx)
		fmt.Printf("GUEST recovery %s %v\n", r, err)
		if err != nil || r != erasenvme.Attached {
			return err
		}
	} else if err := e.Start(ctx, erasenvme.Options{NoDeallocate: true, Pattern: 0x5a5a5a5a}); err != nil {
		return err
	}
	look(h, "meanwhile")
	err = e.Wait(ctx, time.Second, func(p erasenvme.Progress) {
		fmt.Printf("GUEST progress %d done %v estimate %s\n", p.Share, p.Done, p.Estimate)
	})
	if err != nil {
		return err
	}
	s, err := e.After(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("GUEST after state %d erased %v dword10 %08x media errors %d\n", s.Log.State, s.Log.Erased, s.Log.Dword10, s.Health.MediaErrors)
	look(h, "sanitized")
	return nil
}
