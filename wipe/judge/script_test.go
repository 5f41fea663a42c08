package judge

import (
	"encoding/hex"
	"testing"
	"time"

	"lethe/certs/record"
	"lethe/wipe/profile"
)

// The drive of the tests: an odd tail, so that nothing rests on round numbers.
const testSize record.Size = 100*4096 + 512

var (
	zeroPass   = record.Pass{Pattern: record.PatternZero}
	streamPass = record.Pass{Pattern: record.PatternStream}
	pass55     = record.Pass{Pattern: record.PatternByte, Byte: 0x55}
	passAA     = record.Pass{Pattern: record.PatternByte, Byte: 0xAA}
)

// script is a transcript in the making: the events of one task, open to every
// mutation. A fresh one shares nothing with any other.
type script struct {
	events  []record.Event
	mono    map[int]int64 // of lines whose time is not the usual one
	profile profile.Profile
	quirks  Quirks
}

func mustProfile(t testing.TB, id string) profile.Profile {
	t.Helper()
	p, err := profile.ByID(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func testIdentity() record.Identity {
	return record.Identity{Vendor: "ACME", Model: "ACME HDD 4T", Serial: "Z1D5ABCD", WWN: "5000c500a1b2c3d4"}
}

func testState() *record.Opened {
	return &record.Opened{Exclusive: true, Direct: true, Identity: testIdentity(), Size: testSize, LogicalSector: 512,
		Evidence: []record.Exchange{{Name: "ATA IDENTIFY DEVICE", Status: "ok"}}}
}

// testKey is the key of pass n: any 16 bytes that differ from pass to pass.
func testKey(n int64) (key, iv []byte) {
	key, iv = make([]byte, 16), make([]byte, 16)
	for i := range key {
		key[i] = byte(int64(i+1)*7 + n)
	}
	return key, iv
}

// good is what the worker writes when all goes well on a magnetic drive.
func good(t testing.TB, passes ...record.Pass) *script {
	t.Helper()
	s := &script{profile: mustProfile(t, profile.Default), mono: map[int]int64{}}
	if len(passes) == 0 {
		passes = []record.Pass{streamPass}
	}
	whole := record.Range{End: testSize}
	task := &record.Task{
		Format: record.TranscriptFormat, ID: "LTH-20260101-TEST", Profile: s.profile.Ref(),
		Device: record.Device{Identity: testIdentity(), Firmware: "SC61", Size: testSize, NativeSize: testSize,
			LogicalSector: 512, PhysicalSector: 4096, Medium: record.MediumMagnetic, RotationRPM: 7200,
			Transport: "sata", Path: "pci-0000:00:1f.2-ata-1", Node: "sda",
			Hidden: []record.HiddenArea{{Kind: "HPA", State: "none"}}},
		Asked: record.MethodClear, Passes: passes, Check: record.CheckFull, Confirmed: "Z1D5ABCD",
		Ladder: []record.Rung{
			{Technique: record.SanitizeOverwrite, Method: record.MethodPurge, Reason: "this version does not carry it out"},
			{Technique: record.Overwrite, Method: record.MethodClear, Chosen: true, Reason: "chosen"}},
		Audit: record.Audit{Kind: record.AuditVolatile}, Plan: record.Digest(nil), Boot: "b1",
	}
	s.add(record.Event{Task: task}, record.Event{Opened: testState()},
		record.Event{Intent: &record.Intent{Technique: record.Overwrite, Range: whole}})
	n := int64(len(passes))
	for i, what := range passes {
		s.addPass(int64(i+1), n, what)
	}
	s.add(record.Event{CheckBegin: &record.CheckBegin{Pass: n, Method: record.CheckFull, Direct: true}})
	s.addStretches(n, true)
	s.add(record.Event{CheckEnd: &record.CheckEnd{Pass: n, Compared: testSize, Nanos: 1e9}})
	for i, what := range passes {
		if what.Pattern == record.PatternStream {
			key, iv := testKey(int64(i + 1))
			s.add(record.Event{Reveal: &record.Reveal{Pass: int64(i + 1), Key: hex.EncodeToString(key), IV: hex.EncodeToString(iv)}})
		}
	}
	s.add(record.Event{Closing: testState()}, record.Event{Ended: &record.Ended{}})
	return s
}

func (s *script) add(es ...record.Event) { s.events = append(s.events, es...) }

func (s *script) addPass(n, of int64, what record.Pass) {
	if what.Pattern == record.PatternStream {
		key, iv := testKey(n)
		s.add(record.Event{Commit: &record.Commit{Pass: n, Cipher: what.Pattern, Commitment: record.Digest(append(key, iv...))}})
	}
	s.add(record.Event{PassBegin: &record.PassBegin{Pass: n, Of: of, What: what, Range: record.Range{End: testSize}}})
	s.addStretches(n, false)
	s.add(record.Event{PassEnd: &record.PassEnd{Pass: n, Written: testSize, Flushed: true, Nanos: 1e9}})
}

func (s *script) addStretches(pass int64, check bool) {
	for _, r := range []record.Range{{First: 0, End: 40960}, {First: 40960, End: 81920}, {First: 81920, End: testSize}} {
		s.add(record.Event{Stretch: &record.Stretch{Pass: pass, Check: check, Range: r}})
	}
}

// transcript chains the events, a second apart.
func (s *script) transcript(t testing.TB) *record.Transcript {
	t.Helper()
	tr := &record.Transcript{}
	for i, e := range s.events {
		mono, ok := s.mono[i]
		if !ok {
			mono = int64(i+1) * 1e9
		}
		wall := record.At(time.Date(2026, 1, 2, 3, 4, 5+i, 0, time.UTC))
		if _, err := tr.Append(mono, wall, e); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
	}
	return tr
}

func (s *script) judge(t testing.TB) record.Verdict {
	t.Helper()
	return Judge(s.transcript(t), s.profile, s.quirks)
}

func (s *script) task() *record.Task { return s.events[0].Task }

// at is the index of the n-th event of a kind, counted from 0; negative n counts
// from the end. A script without it is a broken test.
func (s *script) at(kind string, n int) int {
	var found []int
	for i, e := range s.events {
		if e.Kind() == kind {
			found = append(found, i)
		}
	}
	if n < 0 {
		n += len(found)
	}
	return found[n]
}

func (s *script) event(kind string, n int) *record.Event { return &s.events[s.at(kind, n)] }

func (s *script) drop(i int) { s.events = append(s.events[:i:i], s.events[i+1:]...) }

func (s *script) insert(i int, es ...record.Event) {
	s.events = append(s.events[:i:i], append(es, s.events[i:]...)...)
}

func (s *script) swap(i, j int) { s.events[i], s.events[j] = s.events[j], s.events[i] }

// move takes line i out and puts it where line j then is.
func (s *script) move(i, j int) {
	e := s.events[i]
	s.drop(i)
	s.insert(j, e)
}

// cut ends the task with a Stopped line in the place of line i and what follows.
func (s *script) cut(i int, reason string) {
	s.events = append(s.events[:i:i], record.Event{Stopped: &record.Stopped{By: "worker", Reason: reason, Detail: "because"}})
}
