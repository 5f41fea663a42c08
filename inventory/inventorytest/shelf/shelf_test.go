package shelf

import (
	"bytes"
	"context"
	"testing"
	"time"

	"lethe/inventory/inventorytest/simata"
	"lethe/inventory/inventorytest/simscsi"
)

func drives() []Drive {
	return []Drive{
		{Name: "sas", NAA: 1, SCSI: &simscsi.Config{Media: 1 << 20, BlockLength: 512, Serial: "S1", Block: true, Takes: time.Hour}},
		{Name: "sata", NAA: 2, ATA: &simata.Config{Model: "M", Serial: "A1", Sectors: 2000, Spare: 3, Block: true, Security: true}},
	}
}

func open(t *testing.T, m Medium) *Shelf {
	t.Helper()
	s, err := Open(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestKept: what a drive was told is on the shelf when it has answered; one of two
// states is whole whenever the power goes.
func TestKept(t *testing.T) {
	ctx := context.Background()
	m := make(simscsi.Memory, Size(drives()))
	if err := Make(m, drives()); err != nil {
		t.Fatal(err)
	}
	s := open(t, m)
	st, err := s.Stand(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []byte{2, 0} { // a unit attention, then GOOD
		if status, sense, _, err := st.Do(ctx, []byte{0x48, 0x82, 0, 0, 0, 0, 0, 0, 0, 0}, nil, 0); err != nil || status != want {
			t.Fatalf("%d, % x, %v", status, sense, err)
		}
	}
	sanitizing := func(want bool) {
		t.Helper()
		again, err := open(t, m).Stand(0)
		if err != nil {
			t.Fatal(err)
		}
		if again.scsi.Running() != want {
			t.Errorf("after the power came back, sanitizing %v, want %v", again.scsi.Running(), want)
		}
	}
	sanitizing(true)
	// The newer of the two is torn: the one before it counts, from before the command.
	newest := int64(HeadSize) + int64(s.turn[0]%2)*stateSize
	m[newest+20] ^= 1
	sanitizing(false)
	m[newest+20] ^= 1
	sanitizing(true)
	if b, err := s.Load(1); err != nil || b != nil {
		t.Errorf("the other drive has a state: %s, %v", b, err)
	}
}

func TestMedia(t *testing.T) {
	m := make(simscsi.Memory, Size(drives()))
	if err := Make(m, drives()); err != nil {
		t.Fatal(err)
	}
	s := open(t, m)
	for i, d := range s.Drives {
		mark := bytes.Repeat([]byte{byte(i + 1)}, int(d.Size()))
		if _, err := s.Medium(i).WriteAt(mark, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Medium(i).WriteAt([]byte{1}, d.Size()); err == nil {
			t.Error("wrote past the end")
		}
	}
	for i, d := range s.Drives {
		b := make([]byte, d.Size())
		if _, err := s.Medium(i).ReadAt(b, 0); err != nil || b[0] != byte(i+1) || b[len(b)-1] != byte(i+1) {
			t.Errorf("%s: %v", d.Name, err)
		}
		st, err := s.Stand(i)
		if err != nil {
			t.Fatal(err)
		}
		_, _, data, err := st.Do(context.Background(), []byte{0x12, 0, 0, 0, 36, 0}, nil, 36)
		if err != nil || len(data) != 36 {
			t.Errorf("%s: INQUIRY %d bytes, %v", d.Name, len(data), err)
		}
	}
}

func TestRefuses(t *testing.T) {
	m := make(simscsi.Memory, 1<<20)
	if _, err := Open(m); err == nil {
		t.Error("opened what is no shelf")
	}
	for _, d := range []Drive{{}, {Name: "x"}, {Name: "x", SCSI: &simscsi.Config{}, ATA: &simata.Config{}}} {
		if Make(m, []Drive{d}) == nil {
			t.Errorf("made a shelf of %+v", d)
		}
	}
	copy(m, magic+"\xff\xff\xff\xff")
	if _, err := Open(m); err == nil {
		t.Error("opened a shelf that is cut off")
	}
}
