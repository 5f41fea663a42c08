package checktest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/wipe/profile"
	"lethe/wipe/verify/canary"
)

// NativeTask is a task of NVMe Sanitize on a flash drive: keys first, then blocks.
func NativeTask(serial string, p profile.Profile, ref *record.OrderRef) record.Task {
	d := Device(serial)
	d.Medium, d.RotationRPM, d.Transport, d.Node = record.MediumFlash, 0, "nvme", "nvme0n1"
	d.Identity.NSID = 1
	const sanicap = "IDENTIFY CONTROLLER SANICAP = 3"
	d.Capabilities = []record.Capability{
		{Technique: record.BlockErase, Command: "NVMe Sanitize, block erase", Source: sanicap, Act: record.NVMeSanitizeBlock},
		{Technique: record.CryptoErase, Command: "NVMe Sanitize, crypto erase", Source: sanicap, Act: record.NVMeSanitizeCrypto},
	}
	d.Hidden = []record.HiddenArea{{Kind: "RPMB", State: "present"}}
	t := Task(d, p, ref)
	t.Asked = record.MethodPurge
	method, source, _ := p.Earns(d.Medium, record.BlockErase)
	t.Ladder = []record.Rung{{Technique: record.BlockErase, Method: method, Chosen: true, Reason: source}}
	t.Passes, t.Check, t.Canaries = []record.Pass{}, record.CheckCanaries, canary.Default
	t.Acts = []record.Act{record.NVMeSanitizeCrypto, record.NVMeSanitizeBlock}
	return t
}

// natively are all lines of a whole run of NVMe Sanitize.
func natively(task record.Task) []record.Event {
	d := task.Device
	open := record.Opened{Exclusive: true, Direct: true, Identity: d.Identity, Size: d.Size, LogicalSector: d.LogicalSector}
	technique := task.Acts[len(task.Acts)-1].Technique()
	es := []record.Event{{Task: &task}, {Opened: &open},
		{SeedCommit: &record.SeedCommit{Commitment: record.Digest(Seed)}},
		{Intent: &record.Intent{Technique: technique, Range: record.Range{End: d.Size}}}}
	for i, act := range task.Acts {
		places, err := canary.Places(int64(d.Size), d.LogicalSector, task.Canaries, i, Seed)
		if err != nil {
			panic("checktest: " + err.Error())
		}
		n := int64(len(places))
		asked := map[record.Act]uint32{record.NVMeSanitizeBlock: 2, record.NVMeSanitizeCrypto: 4}[act]
		es = append(es,
			status(act, record.StepBefore, 0x101, 2),
			record.Event{Planted: &record.Planted{Act: act, Places: n, Written: n, Present: n, Flushed: true, Nanos: int64(time.Second)}},
			status(act, record.StepReady, 0x001, 2),
			asks(act, record.StepStart, "NVMe Sanitize", fmt.Sprintf("84 nsid 00000000 cdw10-15 %08x 00000000 00000000 00000000 00000000 00000000", asked), nil),
			status(act, record.StepPoll, 0x002, asked),
			status(act, record.StepAfter, 0x101, asked),
			record.Event{Looked: &record.Looked{Act: act, Direct: true, Places: n, Zeros: n, Nanos: int64(time.Second)}})
	}
	return append(es, record.Event{SeedReveal: &record.SeedReveal{Seed: hex.EncodeToString(Seed)}},
		record.Event{Closing: &open}, record.Event{Ended: &record.Ended{}})
}

// status is a question for the Sanitize Status page, and its answer.
func status(act record.Act, step string, sstat uint16, cdw10 uint32) record.Event {
	b := make([]byte, 512)
	binary.LittleEndian.PutUint16(b[2:], sstat)
	binary.LittleEndian.PutUint32(b[4:], cdw10)
	return asks(act, step, "NVMe Get Log Page 81h", "02 nsid ffffffff cdw10-15 007f0081 00000000 00000000 00000000 00000000 00000000", b)
}

func asks(act record.Act, step, name, request string, response []byte) record.Event {
	return record.Event{Exchanged: &record.Exchanged{Act: act, Step: step, Exchange: record.Exchange{
		Name: name, Request: request, Response: base64.StdEncoding.EncodeToString(response), Status: "ok"}}}
}
