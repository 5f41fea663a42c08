package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"

	"lethe/certs/record"
	"lethe/inventory/devio"
	"lethe/wipe"
)

// profile runs what a worker does in the default job (stream, flush, full read-back) in
// this process, several times over, and leaves its CPU and heap profiles with their
// heaviest functions. The papers are the supervisor's, and no matter of the drive's size.
func profile(ctx context.Context, dir string, size int64, times int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	disks, remove, err := makeDisks(ctx, 1, size)
	if err != nil {
		return err
	}
	defer remove()
	cpuFile, heapFile := filepath.Join(dir, "cpu.pprof"), filepath.Join(dir, "heap.pprof")
	f, err := os.Create(cpuFile)
	if err != nil {
		return err
	}
	runtime.MemProfileRate = 4096 // the heap is small
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	for range times {
		if err = workOn(ctx, disks[0]); err != nil {
			break
		}
	}
	pprof.StopCPUProfile()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if f, err = os.Create(heapFile); err != nil {
		return err
	}
	if err := errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close()); err != nil {
		return err
	}
	fmt.Printf("machine: %s, load average %s; %d × %d MiB\n", machine(), load(), times, size/mib)
	return errors.Join(top(ctx, dir, "cpu", cpuFile), top(ctx, dir, "alloc_space", "-sample_index=alloc_space", heapFile))
}

// top prints the heaviest functions and keeps the list beside the profile.
func top(ctx context.Context, dir, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, "go", append([]string{"tool", "pprof", "-top", "-nodecount=25"}, args...)...).Output()
	if err != nil {
		return fmt.Errorf("list %s: %w", name, err)
	}
	fmt.Printf("%s:\n%s\n", name, out)
	return os.WriteFile(filepath.Join(dir, name+".txt"), out, 0o644)
}

// workOn is one task of the default job.
func workOn(ctx context.Context, d disk) error {
	var ended error
	open := func(ctx context.Context, s wipe.Spec) (wipe.Drive, error) {
		h, err := devio.Open(s.Node)
		if err != nil {
			return nil, err
		}
		return worked{h}, nil
	}
	spec := wipe.Spec{Node: d.node, Task: record.Task{
		Passes: []record.Pass{{Pattern: record.PatternStream}}, Device: record.Device{Identity: profiled, Size: record.Size(d.size), LogicalSector: 512}}}
	err := wipe.Work(ctx, spec, open, quiet(func(e record.Event) {
		if e.Stopped != nil {
			ended = fmt.Errorf("work stopped: %s", e.Stopped.Detail)
		}
	}))
	return errors.Join(err, ended)
}

// profiled is what the drive is called here: nobody planned it.
var profiled = record.Identity{Model: "loop device", Serial: "profile"}

// worked is the handle with the least that a worker asks of it.
type worked struct{ *devio.Handle }

// State says what the profile's task expects: there is no plan to compare with.
func (w worked) State(context.Context) (record.Opened, error) {
	return record.Opened{Identity: profiled, Exclusive: true, Direct: true, Size: record.Size(w.Size()), LogicalSector: int64(w.LogicalSector())}, nil
}

// quiet is a port to a supervisor that takes everything.
type quiet func(record.Event)

func (q quiet) Event(e record.Event) error { q(e); return nil }
func (quiet) Progress(p wipe.Progress)     {}
