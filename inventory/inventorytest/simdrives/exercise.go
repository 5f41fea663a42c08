package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/inventory/ata"
	"lethe/inventory/devio"
	"lethe/inventory/scsi"
	"lethe/wipe"
	"lethe/wipe/erasescsi"
)

// exercise gives the disks "sas" and "sata" of the shelf commands through the kernel's
// SG_IO and says, in lines that begin with BENCH, what came of them. word is "begin":
// erase the SATA drive whole, begin to erase the SAS drive, and go on until somebody
// pulls the plug; or "go-on": see what became of it, and finish.
func exercise(ctx context.Context, word string, disks map[string]string) error {
	handles := map[string]*devio.Handle{}
	for name, disk := range disks {
		h, err := devio.Open("/dev/" + disk)
		if err != nil {
			return err
		}
		handles[name] = h
		id, err := h.Identify(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("BENCH %s: %v, transport %s, %d bytes\n", name, id.Identity, id.Transport, h.Size())
	}
	sas, sata := handles["sas"], handles["sata"]
	if sas == nil || sata == nil {
		return errors.New("want the drives sas and sata")
	}
	switch word {
	case "begin":
		if err := eraseSATA(ctx, sata); err != nil {
			return err
		}
		return begin(ctx, sas)
	case "go-on":
		if err := security(ctx, sata, "after the plug was pulled"); err != nil {
			return err
		}
		return goOn(ctx, sas)
	}
	return fmt.Errorf("there is no exercise %q", word)
}

// security says how the Security feature set of a SATA drive stands.
func security(ctx context.Context, h *devio.Handle, when string) error {
	id, err := ata.ReadIdentify(ctx, h.ATA())
	if err != nil {
		return err
	}
	s := id.Security()
	fmt.Printf("BENCH sata, %s: security enabled %v, locked %v, frozen %v\n", when, s.Enabled, s.Locked, s.Frozen)
	return nil
}

// eraseSATA erases by SECURITY ERASE UNIT.
func eraseSATA(ctx context.Context, h *devio.Handle) error {
	conn := h.ATA()
	if err := blocks(h, "sata, before"); err != nil {
		return err
	}
	give := func(c *ata.Command) error {
		if _, err := conn.Do(ctx, c); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		return nil
	}
	if err := security(ctx, h, "before"); err != nil {
		return err
	}
	if err := give(ata.SetPasswordCommand(ata.ErasePassword)); err != nil {
		return err
	}
	if err := security(ctx, h, "with a password"); err != nil {
		return err
	}
	if err := errors.Join(give(ata.ErasePrepareCommand()), give(ata.EraseUnitCommand(ata.ErasePassword, false))); err != nil {
		return err
	}
	if err := security(ctx, h, "erased"); err != nil {
		return err
	}
	return blocks(h, "sata, erased")
}

// blocks says what the first block of a drive holds.
func blocks(h *devio.Handle, when string) error {
	buf := make([]byte, 512)
	r, err := h.SCSI().Do(context.Background(), &scsi.Command{Name: "READ(10)", CDB: []byte{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0},
		Dir: scsi.FromDevice, Data: buf})
	if err != nil {
		return err
	}
	word := "something else"
	switch {
	case r.Status != scsi.StatusGood:
		word = fmt.Sprintf("status %02Xh", r.Status)
	case bytes.HasPrefix(buf, []byte("OLD DATA")):
		word = "old data"
	case bytes.Equal(buf, make([]byte, 512)):
		word = "zeros"
	}
	fmt.Printf("BENCH %s: its first block holds %s\n", when, word)
	return nil
}

// lines are those that were told.
type lines int

func (l *lines) tell(step string, x record.Exchange) error {
	*l++
	fmt.Printf("BENCH sas, %s: %s: %s\n", step, x.Name, x.Status)
	return nil
}

func eraser(h *devio.Handle) (*erasescsi.Eraser, error) {
	return erasescsi.New(h.SCSI(), record.SCSISanitizeBlock, erasescsi.Options{Every: 200 * time.Millisecond})
}

// begin begins a sanitize and follows it.
func begin(ctx context.Context, h *devio.Handle) error {
	e, err := eraser(h)
	if err != nil {
		return err
	}
	var l lines
	for _, step := range []string{record.StepBefore, record.StepReady} {
		if err := e.Observe(ctx, step, l.tell); err != nil {
			return err
		}
	}
	if err := blocks(h, "sas, before"); err != nil {
		return err
	}
	return e.Erase(ctx, l.tell, func(c wipe.Course) { fmt.Printf("BENCH sas is at %d of 100\n", c.Done*100/65536) })
}

// goOn finds the sanitize where it was and follows it to its end.
func goOn(ctx context.Context, h *devio.Handle) error {
	e, err := eraser(h)
	if err != nil {
		return err
	}
	var l lines
	was, err := e.Recover(ctx, l.tell, func(c wipe.Course) { fmt.Printf("BENCH sas is at %d of 100\n", c.Done*100/65536) })
	fmt.Printf("BENCH sas was %s; %v\n", was, err)
	if err != nil {
		return err
	}
	if err := e.Observe(ctx, record.StepAfter, l.tell); err != nil {
		return err
	}
	if err := blocks(h, "sas, erased"); err != nil {
		return err
	}
	fmt.Println("BENCH done")
	return nil
}
