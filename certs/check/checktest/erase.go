package checktest

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe/profile"
	"lethe/wipe/verify/sample"
)

// Size is the size of every drive here, in bytes.
const Size = 256 << 20

// Device is a rotating SATA drive.
func Device(serial string) record.Device {
	return record.Device{
		Identity: record.Identity{Model: "EXAMPLE HD256", Serial: serial, WWN: "5000c500" + record.Digest([]byte(serial))[:8]},
		Firmware: "FW01", Size: Size, NativeSize: Size, LogicalSector: 512, PhysicalSector: 4096,
		Medium: record.MediumMagnetic, RotationRPM: 7200, Transport: "sata", Path: "0000:00:1f.2/ata1", Node: "sda",
		Capabilities: []record.Capability{{Technique: record.SecurityErase, Command: "ATA SECURITY ERASE UNIT",
			Source: "IDENTIFY DEVICE word 82 = 0002h", Minutes: 2}},
		Hidden: []record.HiddenArea{{Kind: "HPA", State: "none"}},
	}
}

// Task is a task of one stream pass over the device.
func Task(d record.Device, p profile.Profile, ref *record.OrderRef) record.Task {
	t := record.Task{
		Format: record.TranscriptFormat, ID: "LTH-20261124-" + d.Identity.Serial, Device: d, Profile: p.Ref(),
		Asked: record.MethodClear,
		Ladder: []record.Rung{
			{Technique: record.SecurityErase, Method: record.MethodClear, Reason: "not carried out by this version"},
			{Technique: record.Overwrite, Method: record.MethodClear, Chosen: true, Reason: "reaches every addressable byte"},
		},
		Passes: []record.Pass{{Pattern: record.PatternStream}}, Check: record.CheckFull, Order: ref,
		Audit: record.Audit{Kind: record.AuditDepot, Name: "depot.example", Receipt: record.Digest([]byte("receipt"))},
		Plan:  record.Digest([]byte("plan")), Boot: "6b1e3a0e-0000-4000-8000-000000000001",
	}
	if ref == nil {
		t.Confirmed = d.Identity.Name()
	}
	return t
}

// Run is the transcript of a task that ran through. spoil, where it is given, changes
// or drops (nil) the events before they are written.
func Run(t testing.TB, task record.Task, spoil ...func(record.Event) *record.Event) *record.Transcript {
	t.Helper()
	run := &record.Transcript{}
	for i, e := range events(task) {
		p := &e
		for _, f := range spoil {
			if p != nil {
				p = f(*p)
			}
		}
		if p == nil {
			continue
		}
		at := time.Duration(i) * 7 * time.Second
		if _, err := run.Append(int64(time.Hour+at), record.At(Began.Add(at)), *p); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

// Seed is the seed of every sample here.
var Seed = []byte("sixteen bytes ok")

// Sample is what a task that asks for a sample reads back.
func Sample(task record.Task) sample.Sample {
	percent, _ := record.CheckShare(task.Check)
	s, err := sample.Draw(int64(task.Device.Size), task.Device.LogicalSector, percent, Seed)
	if err != nil {
		panic("checktest: " + err.Error())
	}
	return s
}

// sampled makes a run whose read-back is of a sample out of one of every byte.
func sampled(task record.Task, es []record.Event) (out []record.Event) {
	s := Sample(task)
	for _, e := range es {
		switch {
		case e.Intent != nil:
			out = append(out, record.Event{SeedCommit: &record.SeedCommit{Commitment: record.Digest(Seed)}})
		case e.CheckBegin != nil:
			e.CheckBegin.Method, e.CheckBegin.Places = task.Check, int64(len(s.Drawn))
		case e.CheckEnd != nil:
			e.CheckEnd.Compared, e.CheckEnd.Places = record.Size(s.Bytes), int64(len(s.Drawn))
		case e.Closing != nil:
			out = append(out, record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(Seed)}})
		}
		out = append(out, e)
	}
	return out
}

// events are all lines of a whole run of one stream pass, or of the drive's own commands.
func events(task record.Task) []record.Event {
	if len(task.Acts) > 0 {
		return natively(task)
	}
	es := wholly(task)
	if task.Check != record.CheckFull {
		return sampled(task, es)
	}
	return es
}

// wholly are those of a run that reads every byte back.
func wholly(task record.Task) []record.Event {
	d := task.Device
	key, iv := sha256.Sum256([]byte("key")), sha256.Sum256([]byte("iv"))
	secret := append(key[:16:16], iv[:16]...)
	whole := record.Range{First: 0, End: d.Size}
	open := record.Opened{Exclusive: true, Direct: true, Identity: d.Identity, Size: d.Size, LogicalSector: 512,
		Evidence: []record.Exchange{{Name: "ATA IDENTIFY DEVICE", Request: "ec", Response: "AAAA", Status: "ok"}}}
	es := []record.Event{
		{Task: &task}, {Opened: &open}, {Intent: &record.Intent{Technique: record.Overwrite, Range: whole}},
		{Commit: &record.Commit{Pass: 1, Cipher: record.PatternStream, Commitment: record.Digest(secret)}},
		{PassBegin: &record.PassBegin{Pass: 1, Of: 1, What: task.Passes[0], Range: whole}},
	}
	es = append(es, stretches(d.Size, false)...)
	es = append(es,
		record.Event{PassEnd: &record.PassEnd{Pass: 1, Written: d.Size, Flushed: true, Nanos: int64(30 * time.Second)}},
		record.Event{CheckBegin: &record.CheckBegin{Pass: 1, Method: record.CheckFull, Direct: true}})
	es = append(es, stretches(d.Size, true)...)
	return append(es,
		record.Event{CheckEnd: &record.CheckEnd{Pass: 1, Compared: d.Size, Nanos: int64(30 * time.Second)}},
		record.Event{Reveal: &record.Reveal{Pass: 1, Key: hex.EncodeToString(secret[:16]), IV: hex.EncodeToString(secret[16:])}},
		record.Event{Closing: &open}, record.Event{Ended: &record.Ended{}})
}

func stretches(size record.Size, check bool) (es []record.Event) {
	const parts = 4
	for i := range record.Size(parts) {
		es = append(es, record.Event{Stretch: &record.Stretch{Pass: 1, Check: check,
			Range: record.Range{First: size / parts * i, End: size / parts * (i + 1)}}})
	}
	return es
}
