package wipe_test

import (
	"testing"

	"lethe/certs/record"
	"lethe/wipe"
	"lethe/wipe/wipetest"
)

// Every command is told by itself, those of one technique too, with what it earns and
// what stands in its way.
//
// mutant: ladder.go: Usable: ok, => Usable: ok || true,
func TestOffers(t *testing.T) {
	defer wipe.CarryOut(record.NVMeFormatCrypto, record.NVMeFormatUser)()
	d := record.Device{Medium: record.MediumFlash, Capabilities: []record.Capability{
		{Technique: record.FormatNVM, Act: record.NVMeFormatCrypto, Command: "one", Blocked: "it is frozen"},
		{Technique: record.FormatNVM, Act: record.NVMeFormatUser, Command: "two"}}}
	got := wipe.Offers(d, wipetest.Clear(t))
	if len(got) != 3 || got[0].Technique != record.Overwrite || !got[0].Usable || got[0].Method != record.MethodClear {
		t.Fatalf("%+v", got)
	}
	if got[1].Usable || got[1].Reason != "one: the drive offers it; it is frozen" || !got[2].Usable || got[2].Method != record.MethodClear {
		t.Errorf("%+v", got[1:])
	}
}
