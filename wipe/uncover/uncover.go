package uncover

import (
	"context"
	"errors"

	"lethe/inventory/ata"
	"lethe/inventory/scsi"
	"lethe/wipe/witness"
)

// Run finds what the drive hides and gives it back. An error is a drive that could not be
// asked at all any more, or a veto; what was found until then comes with it.
func Run(ctx context.Context, conn ata.Conn, tell witness.Tell) (Result, error) {
	u := &run{ctx: ctx, conn: witness.New(conn, tell), found: map[string]Finding{}}
	err := u.all()
	r := Result{Before: u.before, After: u.id}
	for _, k := range []string{HPA, AMAX, DCO} {
		if f, ok := u.found[k]; ok {
			r.Findings = append(r.Findings, f)
		}
	}
	return r, err
}

// run is one drive being uncovered.
type run struct {
	ctx    context.Context
	conn   *witness.ATA
	before ata.Identify
	id     ata.Identify // the latest
	found  map[string]Finding
}

func (u *run) all() error {
	if err := u.identify(); err != nil {
		return err
	}
	u.before = u.id
	for _, step := range []func() error{u.ends, u.overlay} {
		if err := step(); err != nil {
			return err
		}
	}
	if u.found[DCO].Outcome == Removed {
		return u.ends()
	}
	return nil
}

// ends removes HPA and AMAX. What one of them hides is found by the last block that the
// drive names, so a second look does not forget what the first one removed.
func (u *run) ends() error {
	for _, e := range []struct {
		kind   string
		has    bool
		native func() (uint64, error)
		set    func(last uint64) error
	}{{HPA, u.id.HPA(), u.nativeMax, u.setMax}, {AMAX, u.id.AMAX(), u.accessibleMax, u.setAccessible}} {
		f, err := u.end(e.kind, e.has, e.native, e.set)
		if old := u.found[e.kind]; f.Outcome == None && old.Outcome == Removed {
			f = old
		}
		u.found[e.kind] = f
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *run) end(kind string, has bool, native func() (uint64, error), set func(uint64) error) (Finding, error) {
	f := Finding{Kind: kind, Outcome: None}
	if !has {
		return f, nil
	}
	last, err := native()
	if err != nil {
		f.Outcome, f.Err = Unreadable, err
		return f, u.lost(err)
	}
	switch n := u.id.Sectors(); {
	case last+1 == n:
		return f, nil
	case last+1 < n:
		f.Outcome, f.Err = Unreadable, errShort
		return f, nil
	default:
		f.Hidden = last + 1 - n
	}
	err = set(last)
	if err != nil {
		f.Outcome, f.Err = u.refused(err), err
		return f, u.lost(err)
	}
	if err := u.identify(); err != nil {
		f.Outcome, f.Err = Unreadable, err
		return f, err
	}
	f.Outcome = Ignored
	if u.id.Sectors() == last+1 {
		f.Outcome = Removed
	}
	return f, nil
}

var errShort = errors.New("the drive names a native end that lies before the one it lets hosts reach")

// refused is why a drive aborts SET MAX: where a lock may guard it that is the reason,
// else that it took one already in this power cycle.
func (u *run) refused(err error) Outcome {
	var a *ata.AbortError
	switch {
	case !errors.As(err, &a):
		return Unreadable
	case u.id.Security().Locked, u.id.SetMaxSecurity():
		return Denied
	}
	return PowerCycle
}

func (u *run) nativeMax() (uint64, error) { return ata.ReadNativeMax(u.ctx, u.conn, u.id) }

func (u *run) accessibleMax() (uint64, error) { return ata.ReadAccessibleMax(u.ctx, u.conn) }

// setMax sends SET MAX ADDRESS directly after another READ NATIVE MAX ADDRESS, as the
// standard wants it.
func (u *run) setMax(last uint64) error {
	c, err := ata.SetMaxCommand(u.id, last, true)
	if err != nil {
		return err
	}
	return u.once(c, func() error {
		_, err := u.nativeMax()
		return err
	})
}

func (u *run) setAccessible(last uint64) error {
	c, err := ata.SetAccessibleMaxCommand(last)
	if err != nil {
		return err
	}
	return u.once(c, func() error { return nil })
}

// once sends a command after what must come before it, and both once more when the drive
// had a reset to report first: then it has not seen the command.
func (u *run) once(c *ata.Command, first func() error) error {
	for try := 0; ; try++ {
		if err := first(); err != nil {
			return err
		}
		_, err := u.conn.Do(u.ctx, c)
		var a *ata.AbortError
		if try == 0 && u.conn.Vetoed() == nil && errors.As(err, &a) && a.Sense.Key == scsi.KeyUnitAttention {
			continue
		}
		return err
	}
}

// overlay removes a device configuration overlay, where one hides sectors or the Security
// feature set.
func (u *run) overlay() error {
	f := Finding{Kind: DCO, Outcome: None}
	defer func() { u.found[DCO] = f }()
	if !u.id.DCO() {
		return nil
	}
	made, err := ata.ReadConfiguration(u.ctx, u.conn)
	if err != nil {
		f.Outcome, f.Err = u.aborted(err), err
		return u.lost(err)
	}
	// An HPA that stayed hides sectors of its own, which the overlay does not.
	shown := u.id.Sectors() + u.stillHidden()
	switch {
	case made.Last+1 < shown:
		f.Outcome, f.Err = Unreadable, errShort
		return nil
	case made.Security && !u.id.Security().Supported:
		f.Masks = "Security"
	}
	if f.Hidden = made.Last + 1 - shown; f.Hidden == 0 && f.Masks == "" {
		return nil
	}
	if u.stillHidden() > 0 {
		f.Outcome = Blocked
		return nil
	}
	return u.restore(&f, made)
}

func (u *run) restore(f *Finding, made ata.Configuration) error {
	was := u.id
	if err := u.once(ata.ConfigurationRestoreCommand(), func() error { return nil }); err != nil {
		f.Outcome, f.Err = u.aborted(err), err
		return u.lost(err)
	}
	if err := u.identify(); err != nil {
		f.Outcome, f.Err = Unreadable, err
		return err
	}
	f.Outcome = Removed
	// Where the drive has an HPA of its own under the overlay, ends looks again.
	if made.Last+1 > u.id.Sectors() && !u.id.HPA() || made.Security && !u.id.Security().Supported || u.id.Word == was.Word {
		f.Outcome = Ignored
	}
	return nil
}

// aborted is why a drive aborts DEVICE CONFIGURATION: it is locked by a password, an HPA
// may be in the way, or its firmware locked the configuration.
func (u *run) aborted(err error) Outcome {
	var a *ata.AbortError
	switch {
	case !errors.As(err, &a):
		return Unreadable
	case u.id.Security().Locked:
		return Denied
	case u.found[HPA].open(), u.found[AMAX].open():
		return Blocked
	}
	return Frozen
}

// stillHidden is how many sectors an HPA or AMAX that was not removed hides.
func (u *run) stillHidden() (n uint64) {
	for _, k := range []string{HPA, AMAX} {
		if f := u.found[k]; f.open() {
			n = max(n, f.Hidden)
		}
	}
	return n
}

func (u *run) identify() error {
	id, err := ata.ReadIdentify(u.ctx, u.conn)
	if err == nil {
		u.id = id
	}
	return err
}

// lost is an error after which the drive cannot be spoken to any more: everything but its
// own refusal, and registers that an adapter withheld.
func (u *run) lost(err error) error {
	var a *ata.AbortError
	if u.conn.Vetoed() != nil || u.ctx.Err() != nil {
		return err
	}
	if errors.As(err, &a) || errors.Is(err, ata.ErrNoRegisters) || errors.Is(err, ata.ErrNotConfiguration) {
		return nil
	}
	return err
}
