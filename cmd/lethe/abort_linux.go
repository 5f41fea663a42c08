package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"syscall"

	"lethe/certs/record"
)

// asker says who left a wish.
func asker(file string) (string, error) {
	st, err := os.Lstat(file)
	if err != nil {
		return "", err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || !st.Mode().IsRegular() {
		return "", errors.New("not a file")
	}
	return fmt.Sprintf("lethe abort of user %d", sys.Uid), nil
}

// firstTask is the task a journal begins with, nil where it does not.
func firstTask(journal string) *record.Task {
	f, err := os.Open(journal)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := bufio.NewReaderSize(f, 1<<20).ReadSlice('\n')
	if err != nil {
		return nil
	}
	t, err := record.ParseTranscript(b)
	if err != nil || len(t.Lines) == 0 {
		return nil
	}
	return t.Lines[0].Event.Task
}
