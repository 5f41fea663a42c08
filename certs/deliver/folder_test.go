package deliver_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
	"lethe/certs/deliver"
)

func TestFolder(t *testing.T) {
	f := deliver.Folder{Dir: t.TempDir(), Name: "stick", Now: time.Now}
	for range 2 {
		r, err := f.Deliver(t.Context(), paper)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Covers(paper); err != nil || r.Depot != "stick" || r.State != "" {
			t.Errorf("receipt %+v, %v", r, err)
		}
		if kept, err := bundle.ReadReceipt(r.Raw); err != nil || kept.Digest != r.Digest {
			t.Errorf("kept receipt %+v, %v", kept, err)
		}
	}
	var no *deliver.RefusedError
	other := bundle.Bundle{Name: paper.Name, PDF: []byte("another")}
	if _, err := f.Deliver(t.Context(), other); !errors.As(err, &no) {
		t.Errorf("another paper of the name = %v; want a refusal", err)
	}
	if err := durable.ReadBack(filepath.Join(f.Dir, paper.Name), paper.PDF); err != nil {
		t.Errorf("the first paper: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Deliver(ctx, paper); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end = %v", err)
	}
}

func TestFolderAcknowledges(t *testing.T) {
	f := deliver.Folder{Dir: t.TempDir(), Name: "stick", Now: time.Now}
	intent := []byte(`{"plan":"00"}`)
	raw, err := f.Acknowledge(t.Context(), intent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.DecodeIntentReceipt(raw, intent); err != nil {
		t.Error(err)
	}
	files, err := filepath.Glob(filepath.Join(f.Dir, "intent-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if b, err := os.ReadFile(files[0]); err != nil || string(b) != string(intent) {
		t.Errorf("kept %q, %v", b, err)
	}
}

func TestFolderFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("lethe-test", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	f := deliver.Folder{Dir: dir, Name: "stick", Now: time.Now}
	big := bundle.Bundle{Name: "big.pdf", PDF: []byte(strings.Repeat("x", 1<<20))}
	if _, err := f.Deliver(t.Context(), big); !durable.Full(err) {
		t.Errorf("Deliver to a full stick = %v; want full", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}
