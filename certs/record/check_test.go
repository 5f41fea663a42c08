package record

import (
	"errors"
	"testing"
)

// One verification has one spelling.
//
// mutant: check.go: strconv.FormatInt(n, 10) != s { => false {
// mutant: check.go: n > MaxPercentage || => false ||
func TestCheckShare(t *testing.T) {
	for check, want := range map[string]int64{"full": 100, "sampled": 10, "percentage:1": 1, "percentage:10": 10, "percentage:95": 95,
		"": 0, "Full": 0, "sample": 0, "percentage:": 0, "percentage:0": 0, "percentage:96": 0, "percentage:100": 0, "percentage:-5": 0,
		"percentage:+5": 0, "percentage:05": 0, "percentage:5.5": 0, "percentage: 5": 0, "percentage:99999999999999999999": 0} {
		got, ok := CheckShare(check)
		if ok != (want > 0) || got != want {
			t.Errorf("%q: %d, %v; want %d", check, got, ok, want)
		}
	}
}

// An order that says nothing asks for every byte.
//
// mutant: order.go: case !checkable(o.Check()): => case false:
func TestOrderVerify(t *testing.T) {
	o := testOrder()
	if o.Check() != CheckFull || o.Validate() != nil {
		t.Errorf("%q, %v", o.Check(), o.Validate())
	}
	for verify, ok := range map[string]bool{CheckFull: true, CheckSampled: true, "percentage:25": true, "half": false, "25%": false} {
		o.Verify = verify
		if err := o.Validate(); errors.Is(err, ErrOrderMalformed) == ok {
			t.Errorf("%q: %v", verify, err)
		}
	}
}
