// Lethe-check tells whether erasure certificates are authentic and whether their
// verdicts follow from what was seen. It needs the files, a root certificate and
// nothing else: no network, no drive, none of our machines.
//
// Synopsis:
//
//	lethe-check --trust root.pem [--physical] [--json] [--quiet] [--quirks FILE] FILE...
//
// Description:
//
//	Every check is a line; the last line of a file says what it comes to. The package
//	certs/check explains the checks.
//
// Exit status:
//
//	0  every file is an authentic certificate of erasure, or a second look given with
//	   its certificate that found the drive as certified
//	3  all are authentic, but a notice (not sanitised) is among them, or a second look
//	   that found otherwise
//	1  anything else
//	2  usage
package main

import (
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"lethe/certs/check"
)

// The exit statuses.
const (
	exitErased  = 0
	exitRefused = 1
	exitUsage   = 2
	exitNotice  = 3
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if err != nil {
		return usage(stdout, stderr, err)
	}
	opts, err := c.options()
	if err != nil {
		return usage(stdout, stderr, err)
	}
	reports := examineAll(c.files, stdin, opts)
	check.MatchRows(reports)
	check.MatchLooks(reports)
	if err := c.print(stdout, reports); err != nil {
		return fail(stderr, err)
	}
	return status(reports)
}

// examineAll checks the files side by side: an archive has many.
func examineAll(files []string, stdin io.Reader, o check.Options) []*check.Report {
	reports := make([]*check.Report, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				r := examine(files[i], stdin, o)
				reports[i] = &r
			}
		})
	}
	wg.Wait()
	return reports
}

// status is the worst outcome. A run without files has none to accept.
func status(reports []*check.Report) int {
	code := exitErased
	for _, r := range reports {
		switch r.Outcome() {
		case check.Erased, check.Holds:
		case check.Notice:
			if code == exitErased {
				code = exitNotice
			}
		default:
			return exitRefused
		}
	}
	return code
}
