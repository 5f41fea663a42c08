package pdf

import (
	"strings"
	"time"

	"lethe/certs/record"
)

func at(s string) record.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return record.At(t)
}

func hexOf(c string) record.Hex { return strings.Repeat(c, 64/len(c)) }

// cleared is a hard disk in a server, overwritten and read back.
func cleared() record.Record {
	id := record.Identity{Vendor: "Seagate", Model: "ST500NM0011", Serial: "Z1M0A4KX", WWN: "5000c50035e9a1b2"}
	const size = 500107862016
	return record.Record{
		Format: record.RecordFormat, ID: "0f3b6c1e-8d52-4a0b-9f7e-2c41d8a6b905", Kind: record.KindCertificate,
		Context: record.Context{
			Issued: at("2026-11-24T03:14:15.123456789Z"),
			Labels: record.Labels{
				Contract: "GIO-P2-0048213", Customer: "Example Trading Co.", ServiceCode: "p2s00012345",
				AssetTag: "SRV-TYO-00731", Site: "Matsue Data Center Park, module 4, rack 12",
				Operator: record.Person{Name: "Hanako Yamada", Title: "Operations engineer", Organization: "Example Operations K.K.", Contact: "+81 3 5550 0100"},
				Source:   "Physical server of the contract, drive bay 1", Destination: "Reuse within the service",
				Classification: "Customer confidential",
			},
			Machine: record.Machine{Manufacturer: "Dell Inc.", Product: "PowerEdge R740", Serial: "7XK2M13",
				UUID: "4c4c4544-0058-4b10-8032-b7c04f4d3133", AssetTag: "SRV-TYO-00731", Firmware: "Dell Inc. 2.21.2, 2024-02-19"},
			Tool: record.Tool{Name: "lethe", Version: "0.1.0", Binary: hexOf("3fa9"), Image: "lethe-image 0.1.0, linux 6.1.0-31-amd64",
				ImageDigest: hexOf("b07c"), Kernel: "Linux 6.1.0-31-amd64"},
			Clock: record.Clock{Source: "ntp:ntp.example.net", Quality: "unauthenticated", OffsetNanos: -12345678},
		},
		Device: record.Device{Identity: id, Firmware: "SN03", Size: size, NativeSize: size, LogicalSector: 512, PhysicalSector: 512,
			Medium: record.MediumMagnetic, RotationRPM: 7200, Transport: "sata", Path: "pci-0000:00:17.0-ata-1", Node: "sda",
			Capabilities: []record.Capability{{Technique: record.SecurityErase, Command: "ATA SECURITY ERASE UNIT", Source: "IDENTIFY DEVICE word 128", Minutes: 78}},
			Hidden:       []record.HiddenArea{{Kind: "HPA", State: "none"}, {Kind: "DCO", State: "none"}}},
		After:   &record.Opened{Exclusive: true, Direct: true, Identity: id, Size: size, LogicalSector: 512},
		Asked:   record.MethodClear,
		Profile: record.ProfileRef{ID: "nist-800-88r2", Title: "NIST SP 800-88 Rev. 2, techniques after public summaries of IEEE 2883-2022", Digest: hexOf("91de")},
		Ladder: []record.Rung{
			{Technique: record.SecurityErase, Method: record.MethodPurge, Reason: "the drive offers it, this version does not do it yet"},
			{Technique: record.Overwrite, Method: record.MethodClear, Chosen: true, Reason: "reaches the method asked on a magnetic disk"}},
		Order:        &record.OrderRef{ID: "ord-2026-1187", Digest: hexOf("5e21"), Reason: record.ReasonTermination, Approved: []string{"Taro Suzuki"}},
		Audit:        record.Audit{Kind: record.AuditDepot, Name: "depot.example.net", Receipt: hexOf("77aa")},
		Passes:       []record.PassDone{{Pass: 1, What: record.Pass{Pattern: record.PatternStream}, Commitment: hexOf("c4d5"), Key: "000102030405060708090a0b0c0d0e0f", IV: "f0e0d0c0b0a090807060504030201000", Written: size, Flushed: true}},
		Verification: &record.Verification{Method: record.CheckFull, Pass: 1, Compared: size, Direct: true},
		Start:        at("2026-11-23T22:02:11.5Z"), End: at("2026-11-24T03:14:02.25Z"), Nanos: 18710750000000,
		Verdict: record.Verdict{State: record.Cleared, Method: record.MethodClear, Technique: record.Overwrite, Reached: true, Judge: "lethe-judge/1",
			Reasons: []string{
				"the drive was identified before and after on one exclusive handle: Seagate ST500NM0011 Z1M0A4KX",
				"1 of 1 passes wrote all 500107862016 bytes and the drive acknowledged a flush",
				"all 500107862016 bytes were read back past the cache and equal the last pass (aes-128-ctr)"}},
		Residual: []string{
			"Sectors the drive had reallocated before, and its spare sectors, cannot be reached by host writes; they were not erased.",
			"What the drive says of hidden areas was believed, not tested."},
		References: []record.Reference{
			{Standard: "ISO/IEC 27017:2015", Clause: "11.2.7", Title: "Secure disposal or reuse of equipment (ISO/IEC 27002:2022 7.14)"},
			{Standard: "ISO/IEC 27017:2015", Clause: "CLD.8.1.5", Title: "Removal of cloud service customer assets (ISO/IEC 27002:2022 8.10)"},
			{Standard: "NIST SP 800-88 Rev. 2", Clause: "4.6", Title: "Certificate of sanitization (Rev. 1: 4.8)"}},
		Transcript: record.TranscriptRef{Lines: 214, Bytes: 48211, SHA256: hexOf("0d1e"), Head: hexOf("2f3a")},
	}
}

// purged is an SSD erased by its own command.
func purged() record.Record {
	r := cleared()
	r.ID = "7c3e9a10-3b1d-4e62-8a6c-0b9be05f1d27"
	r.Device = record.Device{
		Identity: record.Identity{Vendor: "Samsung", Model: "SAMSUNG MZQL2960HCJR-00A07", Serial: "S64FNE0R504871", EUI64: "002538b50141a3f1", NGUID: "36344630525048710025384100000001", NSID: 1},
		Firmware: "GDC5602Q", Size: 960197124096, NativeSize: 960197124096, LogicalSector: 512, PhysicalSector: 4096, Medium: record.MediumFlash,
		Transport: "nvme", Path: "pci-0000:5e:00.0-nvme-1", Node: "nvme0n1",
		Controller:   &record.Controller{Model: "SAMSUNG MZQL2960HCJR-00A07", Serial: "S64FNE0R504871", NQN: "nqn.1994-11.com.samsung:nvme:PM9A3:2.5-inch:S64FNE0R504871", Driver: "nvme"},
		Capabilities: []record.Capability{{Technique: record.BlockErase}, {Technique: record.CryptoErase}, {Technique: record.FormatNVM}},
	}
	r.After = &record.Opened{Identity: r.Device.Identity, Size: r.Device.Size}
	r.Asked = record.MethodPurge
	r.Ladder = []record.Rung{
		{Technique: record.BlockErase, Method: record.MethodPurge, Chosen: true, Reason: "public summaries of IEEE 2883-2022, Purge by the device's own command"},
		{Technique: record.CryptoErase, Method: record.MethodPurge, Reason: "NVMe Sanitize, crypto erase: the drive offers it; alone it counts only with a person's word"},
		{Technique: record.Overwrite, Method: record.MethodClear, Reason: "NIST SP 800-88r2 §3.1.1"},
		{Technique: record.FormatNVM, Method: record.MethodClear, Reason: "public summaries of IEEE 2883-2022: Format NVM is Clear"}}
	c := &record.CanariesDone{Places: 6907, Present: 6907, Looked: 6907, Zeros: 6907, Bound: 10}
	r.Passes = nil
	r.Acts = []record.ActDone{
		{Act: record.NVMeSanitizeCrypto, Technique: record.CryptoErase, Status: "ok", Nanos: 2310000000, Canaries: c,
			Before: "SSTAT 0: none yet; GDE 0; SCDW10 00000000h", After: "SSTAT 1: completed; GDE 1; SCDW10 00000014h"},
		{Act: record.NVMeSanitizeBlock, Technique: record.BlockErase, Status: "ok", Nanos: 41500000000, Canaries: c,
			Before: "SSTAT 1: completed; GDE 0; SCDW10 00000014h", After: "SSTAT 1: completed; GDE 1; SCDW10 00000012h"}}
	r.Verification = &record.Verification{Method: record.CheckCanaries, Direct: true, Compared: 6907 * 512,
		Sample: &record.Sample{Commitment: hexOf("e1f2"), Seed: "000102030405060708090a0b0c0d0e0f", Planned: 6907, Places: 6907, Bound: 10}}
	r.Nanos = 52000000000
	r.Verdict = record.Verdict{State: record.Purged, Method: record.MethodPurge, Technique: record.BlockErase, Reached: true, Judge: "lethe-judge/3",
		Reasons: []string{"the drive was identified before and after on one exclusive handle: Samsung SAMSUNG MZQL2960HCJR-00A07 S64FNE0R504871"}}
	for _, a := range r.Acts {
		r.Verdict.Reasons = append(r.Verdict.Reasons, string(a.Act)+": accepted, seen at work; SSTAT 1 for this very command, Global Data Erased went from 0 to 1",
			string(a.Act)+": the drive cannot state, or does not, that the result is a purge as IEEE 2883 has it",
			string(a.Act)+": 6907 canaries were written, flushed and read back before it; none was found after it: less than 0.10 % of the addressable drive still holds what it held, at 99.9 % confidence")
	}
	r.Residual = []string{
		"By its standard the command covers spare, retired and reallocated blocks too; only the drive can see whether it did.",
		"Canaries disprove and raise no method: reads of 13814 of 13814 places return all 00h or FFh, as those of deallocated blocks do.",
		"Hidden area RPMB: present; no command given reaches it.",
		"Wall times come from an unauthenticated clock (ntp:ntp.example.net); durations are monotonic."}
	return r
}

// declared is the SSD with its keys erased alone, on a person's word.
func declared() record.Record {
	r := purged()
	r.ID = "1d0f5f3e-0b8e-4a53-9a3c-5a0f4be1cb11"
	r.Acts = r.Acts[:1]
	r.Crypto = &record.CryptoDeclaration{By: "Taro Suzuki, asset manager", AlwaysOn: "yes", Escrow: "no", Certification: "FIPS 140-3 certificate 4567"}
	r.Ladder[0], r.Ladder[1] = r.Ladder[1], r.Ladder[0]
	r.Ladder[0].Chosen, r.Ladder[1].Chosen = true, false
	r.Verdict.Technique, r.Verdict.Reasons = record.CryptoErase, r.Verdict.Reasons[:4]
	r.Residual[0] = "The command destroys keys, not data: what lies in every block, spare and reallocated ones too, stays there, encrypted."
	r.Residual = append(r.Residual, "That the drive has encrypted since its first use and that no key is kept elsewhere is the word of Taro Suzuki, asset manager; no drive can show it.")
	return r
}

// survived is a disk that says it was sanitized and was not.
func survived() record.Record {
	r := cleared()
	r.ID, r.Kind, r.Asked = "6b7c1f9a-52ad-4f0c-8f57-0b3f6a5b8a77", record.KindNotice, record.MethodPurge
	r.Ladder = []record.Rung{{Technique: record.SanitizeOverwrite, Method: record.MethodPurge, Chosen: true, Reason: "NIST SP 800-88r1 Appendix A, Purge"}}
	r.Passes = nil
	r.Acts = []record.ActDone{{Act: record.ATASanitizeOverwrite, Technique: record.SanitizeOverwrite, Status: "ok", Nanos: 18710750000000,
		Before: "SANITIZE STATUS EXT COUNT 0000h: no sanitize has completed without error", After: "SANITIZE STATUS EXT COUNT 8000h: completed without error",
		Canaries: &record.CanariesDone{Places: 6907, Present: 6906, Looked: 6906, Found: 12}}}
	r.Verification = &record.Verification{Method: record.CheckCanaries, Direct: true, Compared: 6906 * 512, MismatchBytes: 12 * 512,
		Mismatches: []record.Range{{First: 0, End: 512}}, Sample: &record.Sample{Commitment: hexOf("e1f2"), Seed: "000102030405060708090a0b0c0d0e0f", Planned: 6907, Places: 6906}}
	r.Verdict = record.Verdict{State: record.Failed, Judge: "lethe-judge/3", Reasons: []string{"ata-sanitize-overwrite: 12 of 6906 places still hold what was written before it"}}
	return r
}

// sampled is the hard disk with a read-back of a tenth.
func sampled() record.Record {
	r := cleared()
	r.ID = "51a0b1de-0a4f-4d5e-8f1c-7f4f0f0a5b12"
	r.Profile.ID = "nist-800-88r1-sampled"
	r.Verification = &record.Verification{Method: record.CheckSampled, Pass: 1, Compared: 50016854528, Direct: true,
		Sample: &record.Sample{Commitment: hexOf("e1f2"), Seed: "000102030405060708090a0b0c0d0e0f", Planned: 2000, Places: 2000, Coverage: 1000, Bound: 35}}
	r.Verdict.Judge = "lethe-judge/3"
	r.Verdict.Reasons = append(r.Verdict.Reasons[:2:2],
		"2000 places drawn by a seed committed before the erase, and the first and the last sector, 50016854528 bytes or 10.00 % of the drive, were read back past the cache and equal the last pass (aes-128-ctr)",
		"2000 independent places, 0 misses: less than 0.35 % of the drive differs, at 99.9 % confidence")
	return r
}

// virtual is a drive of a virtual machine.
func virtual() record.Record {
	r := cleared()
	r.ID = "c9d1f1b2-6a2f-4f0e-8e6f-31a7be6d2c55"
	r.Virtual = true
	r.VirtualWhy = []string{"SMBIOS system manufacturer QEMU", "drive model QEMU HARDDISK"}
	r.Context.Machine = record.Machine{Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", Virtual: true, VirtualWhy: []string{"SMBIOS system manufacturer QEMU"}}
	r.Context.Labels = record.Labels{Contract: "demo"}
	r.Device.Identity = record.Identity{Model: "QEMU HARDDISK", Serial: "LETHE-SATA-1"}
	r.After = &record.Opened{Identity: r.Device.Identity, Size: 268435456}
	r.Device.Virtual, r.Device.VirtualWhy = true, []string{"drive model QEMU HARDDISK"}
	r.Device.Size, r.Device.NativeSize, r.Device.Hidden, r.Device.Capabilities = 268435456, 268435456, nil, nil
	r.Passes[0].Written, r.Verification.Compared = 268435456, 268435456
	r.Nanos = 4321000000
	return r
}

// failed is a disk with sectors that could not be written.
func failed() record.Record {
	r := cleared()
	r.ID, r.Kind = "e5b0d0f4-12c7-4a57-b1cf-95fd7e6a3e10", record.KindNotice
	var bad []record.Range
	for i := range 40 {
		first := record.Size(81920000 + i*1048576)
		bad = append(bad, record.Range{First: first, End: first + 4096})
	}
	r.Passes[0].Failed, r.Passes[0].Written = bad, r.Device.Size-40*4096
	r.Verification.Unreadable, r.Verification.Compared = bad, r.Device.Size-40*4096
	r.Verdict = record.Verdict{State: record.Failed, Judge: "lethe-judge/1", Reasons: []string{
		"pass 1: 163840 bytes in 40 ranges could not be written",
		"read-back: 163840 bytes in 40 ranges could not be read"}}
	return r
}

// interrupted was stopped by a person.
func interrupted() record.Record {
	r := cleared()
	r.ID, r.Kind = "2f9a7c40-77ab-4d31-9a70-64f1f0c1be98", record.KindNotice
	r.Passes[0].Written, r.Passes[0].Flushed, r.Passes[0].Key, r.Passes[0].IV = 123456789504, false, "", ""
	r.Verification, r.After = nil, nil
	r.Verdict = record.Verdict{State: record.Incomplete, Judge: "lethe-judge/1", Reasons: []string{"the task was stopped by a signal"}}
	return r
}

// unknown is all that is missing.
func unknown() record.Record {
	return record.Record{Format: record.RecordFormat, ID: "empty", Kind: record.KindNotice,
		Verdict: record.Verdict{State: record.Unknown, Judge: "lethe-judge/1", Reasons: []string{"the drive was never opened"}}}
}

func records() map[string]record.Record {
	return map[string]record.Record{"cleared": cleared(), "purged": purged(), "declared": declared(), "survived": survived(), "sampled": sampled(), "virtual": virtual(),
		"failed": failed(), "interrupted": interrupted(), "unknown": unknown()}
}

func summary() record.Summary {
	c := cleared()
	m := record.Summary{Format: record.SummaryFormat, ID: "d2b8a1de-0a4f-4d5e-8f1c-7f4f0f0a5b11", Context: c.Context, Order: c.Order, Ordered: 5}
	for _, r := range []record.Record{cleared(), purged(), failed(), interrupted()} {
		m.Drives = append(m.Drives, record.SummaryRow{Record: r.ID, Digest: hexOf("ab12"), Kind: r.Kind, Identity: r.Device.Identity,
			Size: r.Device.Size, Transport: r.Device.Transport, State: r.Verdict.State, Method: r.Verdict.Method, Technique: r.Verdict.Technique})
	}
	m.Refused = []record.Refusal{{Identity: record.Identity{Model: "DELLBOSS VD", Serial: "b1c8"}, Node: "sdc", Reasons: []string{"mounted at /", "boot medium"}}}
	m.Missing = []string{"Z1M0A4QQ"}
	return m
}

func input(r record.Record) Input {
	b, err := record.Marshal(r)
	if err != nil {
		panic(err)
	}
	return Input{Record: r, Envelope: b, Transcript: []byte("{\"line\":0}\n{\"line\":1}\n"), Order: []byte(`{"payload":""}`)}
}
