package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The exit statuses of lethe.
const (
	ExitOK          = 0
	ExitInternal    = 1
	ExitUsage       = 2
	ExitRefused     = 3
	ExitFailed      = 4
	ExitUndelivered = 5
	ExitSignal      = 130
)

const exitHelp = `Exit status: 0 all reached; 1 internal error; 2 usage; 3 refused or held;
4 a drive failed, is unknown or incomplete; 5 papers undelivered; 130 signal.
`

// Error carries an exit status with its one line.
type Error struct {
	Status int
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Usagef is a mistake in how the command was called.
func Usagef(f string, a ...any) error { return &Error{ExitUsage, fmt.Errorf(f, a...)} }

// Refusedf is a guard's no: nothing was done.
func Refusedf(f string, a ...any) error { return &Error{ExitRefused, fmt.Errorf(f, a...)} }

// Failedf says that a drive did not reach what was asked.
func Failedf(f string, a ...any) error { return &Error{ExitFailed, fmt.Errorf(f, a...)} }

// Undeliveredf says that papers exist and are not where they should be.
func Undeliveredf(f string, a ...any) error { return &Error{ExitUndelivered, fmt.Errorf(f, a...)} }

// ErrSignal says that a person or the system ended the command.
var ErrSignal = errors.New("interrupted")

// Status is the exit status of an error; this is the one place that decides it.
func Status(err error) int {
	var e *Error
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrSignal), errors.Is(err, context.Canceled):
		return ExitSignal
	case errors.As(err, &e):
		return e.Status
	}
	return ExitInternal
}

// Line is an error in one line.
func Line(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}

// Report prints the error's one line and returns its status.
func Report(env Env, err error) int {
	if err != nil {
		fmt.Fprintf(env.Stderr, "%s: %s\n", env.Name, Line(err))
	}
	return Status(err)
}
