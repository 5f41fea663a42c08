package handover

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"lethe/certs/bundle"
	"lethe/certs/bundle/durable"
)

// suffix ends the name of every file: TASK.N.handover.
const suffix = ".handover"

// Folder is where the files lie. One process at a time may write there.
type Folder struct{ Dir string }

// state is one file of a task.
type state struct {
	name string
	n    uint64
}

// Put keeps a task's newest state, and has the one before it removed once it is
// there and was read back.
func (f Folder) Put(task string, b []byte) error {
	if !bundle.ValidID(task) {
		return fmt.Errorf("keep handover: %w: %q is no task", bundle.ErrInvalid, task)
	}
	if len(b) > MaxSize {
		return fmt.Errorf("keep handover of %s: %w", task, ErrLong)
	}
	all, err := f.states()
	if err != nil {
		return fmt.Errorf("keep handover of %s: %w", task, err)
	}
	old, next := all[task], uint64(1)
	if len(old) > 0 {
		next = old[0].n + 1
	}
	name := fmt.Sprintf("%s.%d%s", task, next, suffix)
	if err := durable.Write(f.Dir, name, b); err != nil {
		return fmt.Errorf("keep handover of %s: %w", task, err)
	}
	if err := durable.ReadBack(filepath.Join(f.Dir, name), b); err != nil {
		// What cannot be read back must not stand before what can.
		return errors.Join(fmt.Errorf("keep handover of %s: %w", task, err), os.Remove(filepath.Join(f.Dir, name)))
	}
	return f.remove(old)
}

// Drop removes what there is of a task. It is no error when there is nothing.
func (f Folder) Drop(task string) error {
	all, err := f.states()
	if err != nil || len(all[task]) == 0 {
		return err
	}
	return f.remove(all[task])
}

func (f Folder) remove(old []state) error {
	if len(old) == 0 {
		return nil
	}
	// The newest goes last: what is left half way is the newest still.
	for _, o := range slices.Backward(old) {
		if err := os.Remove(filepath.Join(f.Dir, o.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove handover: %w", err)
		}
	}
	return durable.SyncDir(f.Dir)
}

// Read opens the newest state of every task that can be opened under the key. torn are
// the tasks of which none can be: they are of another key, or damaged.
func (f Folder) Read(key []byte) (notes []Note, torn []string, err error) {
	all, err := f.states()
	if err != nil {
		return nil, nil, err
	}
	for task, states := range all {
		at := slices.IndexFunc(states, func(s state) bool {
			n, err := f.open(key, s.name)
			if err != nil || n.Task != task {
				return false
			}
			notes = append(notes, n)
			return true
		})
		if at < 0 {
			torn = append(torn, task)
		}
	}
	slices.SortFunc(notes, func(a, b Note) int { return strings.Compare(a.Task, b.Task) })
	slices.Sort(torn)
	return notes, torn, nil
}

func (f Folder) open(key []byte, name string) (n Note, err error) {
	h, err := os.OpenFile(filepath.Join(f.Dir, name), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return n, err
	}
	defer h.Close() // read only: nothing to lose
	b, err := io.ReadAll(io.LimitReader(h, MaxSize+1))
	if err != nil {
		return n, err
	}
	return Open(key, b)
}

// states are the files of each task, the newest first. A folder that is not there has
// none.
func (f Folder) states() (map[string][]state, error) {
	files, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for handovers: %w", err)
	}
	all := map[string][]state{}
	for _, e := range files {
		rest, ok := strings.CutSuffix(e.Name(), suffix)
		dot := strings.LastIndexByte(rest, '.')
		if !ok || dot < 0 || !e.Type().IsRegular() || !bundle.ValidID(rest[:dot]) {
			continue
		}
		if n, err := strconv.ParseUint(rest[dot+1:], 10, 32); err == nil {
			all[rest[:dot]] = append(all[rest[:dot]], state{e.Name(), n})
		}
	}
	for _, s := range all {
		slices.SortFunc(s, func(a, b state) int {
			switch {
			case a.n > b.n:
				return -1
			case a.n < b.n:
				return 1
			}
			return 0
		})
	}
	return all, nil
}
