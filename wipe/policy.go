package wipe

import (
	"errors"
	"fmt"

	"lethe/certs/record"
	"lethe/wipe/profile"
	"lethe/wipe/verify/sample"
)

// Policy is what is asked. It may raise what the profile demands, never lower it.
type Policy struct {
	Least    record.Method // least method that will do
	StepDown bool          // whether a weaker technique than the strongest may be used
	Pattern  string        // record.PatternStream, PatternZero or PatternByte; stream when empty
	Byte     byte          // the value for PatternByte
	Verify   string        // record.CheckFull, CheckSampled or CheckPercentage; full when empty
	// Technique is the one that is to be used; the strongest that there is when empty.
	Technique record.Technique
	// Crypto is a person's word without which a cryptographic erase alone counts for
	// nothing.
	Crypto   *record.CryptoDeclaration
	Profile  profile.Profile
	Errors   ErrorBudget // of each drive; DefaultErrorBudget where zero
	Patience Patience    // with a drive that gives no sign of life; DefaultPatience when zero
	// PerAdapter is how many drives behind one host adapter are at work at the same time,
	// at most; no limit when zero.
	PerAdapter int64
}

// PolicyOf is the policy an order asks for.
func PolicyOf(o record.Order) (Policy, error) {
	p, err := profile.ByID(o.Profile)
	if err != nil {
		return Policy{}, fmt.Errorf("order %s: %w", o.ID, err)
	}
	return Policy{Least: o.Least, StepDown: o.StepDown, Pattern: o.Pattern, Verify: o.Check(), Technique: o.Technique, Crypto: o.Crypto, Profile: p}, nil
}

// passes are the passes for a medium: the profile's own where it fixes them, the
// policy's pattern where it leaves the choice.
func (p Policy) passes(m record.Medium) ([]record.Pass, error) {
	need, ok := p.Profile.PassesFor(m)
	if !ok {
		return nil, fmt.Errorf("profile %s knows no overwrite of %s media", p.Profile.ID, m)
	}
	own := record.Pass{Pattern: p.Pattern}
	switch p.Pattern {
	case "":
		own.Pattern = record.PatternStream
	case record.PatternByte:
		own.Byte = int64(p.Byte)
	case record.PatternZero, record.PatternStream:
	default:
		return nil, fmt.Errorf("pattern %q, want %s, %s or %s", p.Pattern,
			record.PatternStream, record.PatternZero, record.PatternByte)
	}
	out := make([]record.Pass, len(need))
	for i, n := range need {
		out[i] = n
		if n.Pattern == "" {
			out[i] = own
		}
	}
	return out, nil
}

// verify is the verification asked for: all of it, where nothing else is said.
func (p Policy) verify() string {
	if p.Verify == "" {
		return record.CheckFull
	}
	return p.Verify
}

// check is the verification of one drive: what is asked, and all of it where the
// drive is too small to be sampled.
func (p Policy) check(d record.Device) (string, error) {
	check := p.verify()
	if why := p.Profile.Lax(check); why != "" {
		return "", errors.New(why)
	}
	share, _ := record.CheckShare(check)
	if check == record.CheckFull {
		return check, nil
	}
	switch err := sample.Fits(int64(d.Size), d.LogicalSector, share); {
	case errors.Is(err, sample.ErrSmall):
		return record.CheckFull, nil
	case err != nil:
		return "", err
	}
	return check, nil
}
