// Package traverse carries aligned buffers over a medium once, from the first
// byte to the last, with several transfers in flight.
//
// It owns what a pass and its verification have in common: the buffers, the
// order, the narrowing of a failed transfer down to its sector, the account of
// what was reached, progress, and the ways to stop. What a transfer does is
// the [Step] of the caller.
//
// The account is kept from completed transfers only. What was not completed
// when a traversal stopped is in none of its ranges.
package traverse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// The reasons a traversal ends early. A cancelled context's cause is a reason too.
var (
	ErrSize      = errors.New("size is not a positive multiple of the logical sector")
	ErrVanished  = errors.New("device is gone or refuses all transfers")
	ErrTooMany   = errors.New("too many sectors failed")
	ErrErrorTime = errors.New("errors took too long")
	ErrStuck     = errors.New("transfer in flight did not return")
)

// Defaults of [Options]: 8 MiB of buffers a drive. Measured on loop devices
// over tmpfs, see README.md of package overwrite.
const (
	DefaultBuffer    = 1 << 20
	DefaultInFlight  = 8
	DefaultRetries   = 2
	DefaultMaxErrors = 1000
	DefaultErrorTime = 2 * time.Hour
	DefaultGrace     = 5 * time.Second
)

// Options tune one traversal. The zero value is good.
type Options struct {
	// Buffer is the size of one transfer in bytes, a multiple of the logical
	// sector; 0 is DefaultBuffer.
	Buffer int
	// InFlight is how many buffers are on their way at once; 0 is DefaultInFlight.
	InFlight int
	// Retries is how often a block of 4096 bytes, or of one sector where that is
	// more, is tried again; 0 is DefaultRetries, negative is none.
	Retries int
	// MaxErrors is how many sectors may fail before the traversal stops with
	// ErrTooMany; 0 is DefaultMaxErrors.
	MaxErrors int
	// ErrorTime is how long transfers may fail and be narrowed, added up, before
	// the traversal stops with ErrErrorTime; 0 is DefaultErrorTime. A transfer is
	// not broken off for it.
	ErrorTime time.Duration
	// Rested is how long, added up, the device was kept from working while transfers
	// waited for it: no error's time. nil is never. It may be called at any time.
	Rested func() time.Duration
	// Grace is how long a stopped traversal waits for transfers that are in
	// flight; 0 is DefaultGrace. Those that do not return by then are abandoned,
	// with their buffers, and count as not reached.
	Grace time.Duration
	// First is the offset of the first byte, a multiple of the logical sector; what lies
	// below it is left alone and in no account but that of Progress. 0 with Medium.Only.
	First int64
	// Lanes are where the parts of the medium begin, but the first, that it reaches
	// independently of each other, such as those of a drive with two actuators: offsets
	// in ascending order. The parts are carried over at the same time, each in ascending
	// order. What is told of the settled part stays what is settled without gaps from
	// First: it stands still at the end of the first part until the second is through.
	Lanes []int64
	// Progress is told how many bytes are settled (transferred or given up on),
	// at most every 100 ms and once at the end.
	Progress func(done int64)
	// Stretch is told each time the settled part, counted without gaps from
	// First, has grown by another sixteenth of the way [first, end).
	Stretch func(first, end int64)
	// Through is told each time that it has grown: every byte from First to below it
	// was transferred.
	Through func(through int64)
	// All run on the goroutine that called, one at a time; transfers go on
	// meanwhile.
}

// Medium is the shape of what is traversed, in bytes.
type Medium struct {
	Size   int64
	Sector int // logical sector
	// Only are the parts that are carried over, whole sectors, ascending and apart
	// from each other; none is all of it. The rest counts as settled from the start,
	// and is in no range of the report.
	Only []Range
}

// Step is what is done with each buffer. Both methods run concurrently on
// distinct buffers.
type Step interface {
	// Prepare readies p for the transfer at off. fresh is true the first time
	// that this memory is used. Offsets come in no particular order.
	Prepare(p []byte, off int64, fresh bool)
	// Do transfers p. Calls begin in ascending order of off, in each of Options.Lanes.
	Do(t *Transfer, p []byte, off int64)
}

// Report is the account of a traversal.
type Report struct {
	Size       int64         // of the medium, in bytes
	Good       []Range       // transferred
	GoodBytes  int64         // sum of Good
	Through    int64         // every byte from Options.First to below it is in Good, or not in Medium.Only
	Bad        []Range       // tried and given up on, to the sector
	Unreached  []Range       // in neither: not tried, or failed and not narrowed
	Differ     []Range       // what the step found different, the first MaxRanges of it
	DifferSum  int64         // bytes found different, of all
	FirstError error         // the first error the device gave, also if a retry cured it
	Stopped    error         // why the end was not reached; nil when it was
	Stuck      int           // transfers abandoned in flight
	Elapsed    time.Duration // monotonic
}

// Run traverses m. The error is non-nil only when the traversal could not begin.
func Run(ctx context.Context, m Medium, o Options, s Step) (Report, error) {
	began := time.Now()
	if err := m.check(); err != nil {
		return Report{Size: m.Size}, err
	}
	queue := queueOf(s)
	if queue != nil {
		o.suit(queue.Queue().Most(), m.Sector)
	}
	if err := o.fill(m); err != nil {
		return Report{Size: m.Size}, err
	}
	bufs, err := allocate(o.InFlight, o.Buffer)
	if err != nil {
		return Report{Size: m.Size}, err
	}
	rep := newRun(ctx, m, o, s).drive(bufs, queue)
	rep.Elapsed = time.Since(began)
	if rep.Stuck == 0 {
		bufs.free() // else the kernel may still read or write them
	}
	return rep, nil
}

func (m Medium) check() error {
	if m.Sector <= 0 || m.Size <= 0 || m.Size%int64(m.Sector) != 0 {
		return fmt.Errorf("%w: size %d, sector %d", ErrSize, m.Size, m.Sector)
	}
	end := int64(-1)
	for _, r := range m.Only {
		if r.First <= end || r.End <= r.First || r.End > m.Size || r.First%int64(m.Sector) != 0 || r.End%int64(m.Sector) != 0 {
			return fmt.Errorf("%w: part %d to %d after %d", ErrSize, r.First, r.End, end)
		}
		end = r.End
	}
	return nil
}

// parts are what is carried over from first on.
func (m Medium) parts(first int64) []Range {
	if len(m.Only) == 0 {
		return []Range{{first, m.Size}}
	}
	return m.Only
}

// fill sets the defaults and refuses what cannot work.
func (o *Options) fill(m Medium) error {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Buffer, DefaultBuffer)
	def(&o.InFlight, DefaultInFlight)
	def(&o.Retries, DefaultRetries)
	def(&o.MaxErrors, DefaultMaxErrors)
	o.Retries = max(o.Retries, 0)
	o.ErrorTime, o.Grace = cmp.Or(o.ErrorTime, DefaultErrorTime), cmp.Or(o.Grace, DefaultGrace)
	if o.First < 0 || o.First >= m.Size || o.First%int64(m.Sector) != 0 || o.First > 0 && len(m.Only) > 0 {
		return fmt.Errorf("traverse: begin at %d of %d bytes, sector %d: %w", o.First, m.Size, m.Sector, ErrSize)
	}
	if o.Buffer <= 0 || o.Buffer%m.Sector != 0 || o.InFlight < 0 || o.MaxErrors < 0 || o.ErrorTime < 0 || o.Grace < 0 {
		return fmt.Errorf("traverse: options %d B × %d, %d errors, %v of errors, grace %v do not fit sector %d",
			o.Buffer, o.InFlight, o.MaxErrors, o.ErrorTime, o.Grace, m.Sector)
	}
	if err := o.checkLanes(m); err != nil {
		return err
	}
	chunks := newRoute(m.parts(o.First), o.Lanes, o.Buffer).places()
	o.InFlight = int(min(int64(o.InFlight), chunks)) // no memory for what a small medium never uses
	return nil
}

// checkLanes refuses lanes that are not parts of the medium.
func (o *Options) checkLanes(m Medium) error {
	last := int64(0)
	for _, at := range o.Lanes {
		if at <= last || at >= m.Size || at%int64(m.Sector) != 0 {
			return fmt.Errorf("traverse: lane from %d on after %d, of %d bytes: %w", at, last, m.Size, ErrSize)
		}
		last = at
	}
	return nil
}
