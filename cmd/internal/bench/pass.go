package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sys/unix"

	"lethe/inventory/devio"
	"lethe/wipe"
	"lethe/wipe/overwrite"
	"lethe/wipe/pattern"
	"lethe/wipe/verify"
)

// passed is what the driver of one pass says: the traversal's begin and end on the
// system's monotonic clock.
type passed struct {
	Began, Ended int64 // ns
	Bytes        int64
}

// drivePass is one traversal of one drive in a process of its own, as the product's
// worker does it: the same handle, the same packages, default options. It opens, says
// ready, and begins when told.
func drivePass(ctx context.Context, in io.Reader, out io.Writer, job, key, node string) error {
	runtime.GOMAXPROCS(max(min(runtime.GOMAXPROCS(0), wipe.WorkerProcs), 2))
	h, err := devio.Open(node)
	if err != nil {
		return err
	}
	defer h.Close()
	s, err := stream(job, key)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	if _, err := bufio.NewReader(in).ReadString('\n'); err != nil {
		return fmt.Errorf("wait for the word: %w", err)
	}
	p := passed{Began: now(), Bytes: h.Size()}
	if job == jobVerify {
		_, err = verify.Full(ctx, h, s, verify.Options{})
	} else {
		_, err = overwrite.Run(ctx, h, s, overwrite.Options{})
	}
	p.Ended = now()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(p)
}

func stream(job, key string) (pattern.Stream, error) {
	if job == jobZero {
		return pattern.New(pattern.Spec{Kind: pattern.Zero})
	}
	k, err := hex.DecodeString(key)
	if err != nil {
		return nil, err
	}
	return pattern.New(pattern.Spec{Kind: pattern.AES128CTR, Key: k})
}

func now() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}
