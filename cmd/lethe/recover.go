package main

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lethe/certs/bundle"
	"lethe/certs/issue"
	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/certs/spool"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/job"
	"lethe/inventory"
	"lethe/wipe"
	"lethe/wipe/profile"
)

// maxJournal is more than a supervisor ever writes for one task, in bytes.
const maxJournal = 16 << 20

// recovery issues the papers of tasks that a supervisor began and did not conclude.
type recovery struct {
	env    cli.Env
	dir    string // folder of the journals
	spool  *spool.Spool
	papers string // folder of the papers
	signer sign.Signer
	roots  *x509.CertPool // whom papers that are there must lead to; nil where not known
	tool   record.Tool
	skip   map[string]bool // tasks that are left as they are, to go on
}

// run issues what is missing and says each in a line. A file that is no journal is
// told and left alone. The error speaks of papers that could not be made, those of
// journals that must be left alone among them.
func (r *recovery) run() (issued int, err error) {
	files, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for journals: %w", err)
	}
	var errs []error
	for _, f := range files {
		task, ok := strings.CutSuffix(f.Name(), journalSuffix)
		if !ok || strings.HasSuffix(f.Name(), issuedSuffix) {
			continue
		}
		if r.skip[task] {
			continue
		}
		name := filepath.Join(r.dir, f.Name())
		made, err := r.one(task)
		var alone *leftAlone
		switch {
		case errors.As(err, &alone) && alone.owed:
			errs = append(errs, fmt.Errorf("%s: left alone: %w", name, err))
		case errors.As(err, &alone):
			fmt.Fprintf(r.env.Stderr, "%s: left alone: %s\n", name, alone.why)
		case err != nil:
			errs = append(errs, fmt.Errorf("recover %s: %w", task, err))
		case made:
			issued++
		}
	}
	if len(errs) == 0 {
		err = r.dropRuns(files)
	}
	return issued, errors.Join(append(errs, err)...)
}

// leftAlone says why no paper can be made of a file.
type leftAlone struct {
	why string
	// owed says that a paper is missing: the file is the journal of a task that was
	// begun, or nobody can tell that it is not.
	owed bool
}

// ofTask is why a journal of a task cannot get its paper from us.
func ofTask(f string, a ...any) error { return &leftAlone{fmt.Sprintf(f, a...), true} }

func (e *leftAlone) Error() string { return e.why }

// one issues the paper of one journal, unless it has one.
func (r *recovery) one(task string) (made bool, err error) {
	// The old supervisor was killed after the paper was kept and before it said so.
	kept, taken := r.hasPaper(task)
	if kept {
		return false, markIssued(r.dir, task)
	}
	t, err := r.conclude(task)
	if err != nil {
		return false, err
	}
	if taken != nil {
		return false, taken
	}
	first := t.Lines[0].Event.Task
	prof, err := profile.ByID(first.Profile.ID)
	if err != nil || prof.Ref() != first.Profile {
		return false, ofTask("it was planned under profile %s as another version of lethe has it: recover it with that version", first.Profile.ID)
	}
	c, envelope, err := r.context(first)
	if err != nil {
		return false, err
	}
	p, err := issue.Issuer{Signer: r.signer}.Certificate(t, c, prof, envelope)
	if err != nil {
		return false, err
	}
	if err := r.spool.Put(bundle.Bundle{Name: p.Name, PDF: p.PDF}); err != nil {
		return false, err
	}
	fmt.Fprintf(r.env.Stderr, "recovered %s: %s\n", first.Device.Identity, verdictLine(p.Record))
	return true, markIssued(r.dir, task)
}

// conclude reads the journal. The file itself stays as it was found.
func (r *recovery) conclude(task string) (*record.Transcript, error) {
	name := filepath.Join(r.dir, task+journalSuffix)
	if st, err := os.Lstat(name); err == nil && !st.Mode().IsRegular() {
		return nil, &leftAlone{why: "it is not a file"}
	}
	f, err := os.OpenFile(name, os.O_RDONLY|openPlain, 0)
	if err != nil {
		return nil, ofTask("it cannot be opened: %v", unwrapPath(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", unwrapPath(err))
	}
	if !bundle.ValidID(task) {
		return nil, &leftAlone{"its name is not that of a task", job.Begun(b)}
	}
	if len(b) > maxJournal {
		return nil, &leftAlone{"it is longer than a journal can be", job.Begun(b)}
	}
	t, err := job.Conclude(b, job.Restart{Boot: bootID(), Now: time.Now(), Sealed: func(ref record.TranscriptRef) bool {
		return hasSeal(r.dir, task, ref, r.signer)
	}})
	if errors.Is(err, job.ErrNotJournal) {
		return nil, &leftAlone{err.Error(), job.Begun(b)}
	}
	if err != nil {
		return nil, err
	}
	if id := t.Lines[0].Event.Task.ID; id != task {
		return nil, ofTask("it is of task %s: give it that name, or keep it elsewhere", id)
	}
	return t, nil
}

// context is what the paper says besides the transcript: machine, tool and labels of
// the run as its supervisor noted them, issued now. Without that note it is this
// machine's. A task under an order cannot have a paper without it.
func (r *recovery) context(t *record.Task) (record.Context, []byte, error) {
	c := record.Context{Issued: record.At(time.Now()), Tool: r.tool, Clock: hostClock()}
	n, err := readRun(r.dir, t.Plan, r.signer)
	if err != nil {
		if t.Order != nil {
			return c, nil, ofTask("its order %s cannot be read (note of the run: %v): recover it with the key that began it, or keep it elsewhere", t.Order.ID, err)
		}
		fmt.Fprintf(r.env.Stderr, "%s: the note of its run cannot be read (%v): the paper names this machine\n", t.ID, err)
		c.Machine = inventory.ReadMachine()
		return c, nil, nil
	}
	c.Labels, c.Machine, c.Tool = n.Labels, n.Machine, n.Tool
	if n.Clock.Quality != "synchronised" {
		c.Clock = n.Clock // the times are the run's
	}
	if t.Order == nil {
		return c, nil, nil
	}
	if _, err := order.Show(n.Order); err != nil {
		return c, nil, ofTask("its order %s cannot be read (%v)", t.Order.ID, err)
	}
	return c, n.Order, nil
}

// dropRuns removes the notes of runs, once no journal is left that needs one.
func (r *recovery) dropRuns(files []os.DirEntry) error {
	for _, f := range files {
		if strings.HasSuffix(f.Name(), journalSuffix) && !strings.HasSuffix(f.Name(), issuedSuffix) {
			if _, err := os.Lstat(filepath.Join(r.dir, f.Name())); err == nil {
				return nil
			}
		}
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), runSuffix) {
			if err := os.Remove(filepath.Join(r.dir, f.Name())); err != nil {
				return fmt.Errorf("drop note of a run: %w", err)
			}
		}
	}
	return nil
}

// recoverIn issues the missing papers of a folder. A folder without journals is not
// touched, nor made. roots are those that papers already there must lead to, nil
// where they are not known.
func recoverIn(env cli.Env, papers string, s sign.Signer, roots *x509.CertPool) (issued int, err error) {
	issued, _, err = recoverBut(env, papers, s, roots, false)
	return issued, err
}

// recoverBut is recoverIn. With goOn it leaves the tasks alone that could go on, and
// returns them.
func recoverBut(env cli.Env, papers string, s sign.Signer, roots *x509.CertPool, goOn bool) (issued int, us []wipe.Unfinished, err error) {
	dir := journalDir(papers)
	if _, err := os.Lstat(dir); err != nil {
		return 0, nil, nil
	}
	sp, err := papersIn(papers)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, sp.Close()) }()
	tool, err := hostTool()
	if err != nil {
		return 0, nil, err
	}
	r := &recovery{env: env, dir: dir, spool: sp, papers: papers, signer: s, roots: roots, tool: tool}
	if goOn {
		us = r.unfinished(time.Now())
		r.skip = names(us)
	}
	if issued, err = r.run(); err != nil {
		return issued, nil, cli.Undeliveredf("papers of an earlier run are missing: %v; no drive was touched", err)
	}
	return issued, us, nil
}

func recoverCommand() cli.Command {
	return cli.Command{
		Name: "recover", Short: "issue the papers of a run that was killed or lost its power",
		Help: `lethe recover looks in --papers for tasks that were begun and have no paper, since
their lethe was killed or the power failed, and issues it: a notice that says how
far the task came. A task that had ended in order gets the certificate it earned,
if the lethe that erased sealed its end with the same key. Papers that exist are
never touched; a file that has the name of a task's paper and is not it, is exit
status 5 (with --trust its signature must hold, too). lethe erase does the same before it begins.

A task that can still go on, with lethe erase as before and the same --papers, is
left alone and named, with exit status 5; --conclude gives it its notice.

  lethe recover --papers papers --key agent-key.pem --cert agent.pem

Exit status 0 means that every task in the folder has its paper; a journal of a task
that must be left alone, or that cannot be opened, is exit status 5.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			key := fs.String("key", "", "`file` of the key that signs the papers")
			cert := fs.String("cert", "", "its certificate `file`")
			papers := fs.String("papers", "papers", "`folder` of the papers")
			conclude := fs.Bool("conclude", false, "give notices to tasks that could still go on, too")
			trust := fs.String("trust", "", "root certificate `file` that papers already there must lead to")
			return func(_ context.Context, env cli.Env, args []string) error {
				if len(args) > 0 || *key == "" || *cert == "" {
					return cli.Usagef("recover needs --key and --cert, and takes no arguments")
				}
				signer, err := readSigner(*key, *cert)
				if err != nil {
					return cli.Usagef("%v", err)
				}
				roots, err := rootsIn(*trust)
				if err != nil {
					return err
				}
				if _, err := os.Stat(*papers); err != nil {
					return cli.Usagef("folder of the papers %s: %v", *papers, unwrapPath(err))
				}
				n, us, err := recoverBut(env, *papers, signer, roots, !*conclude)
				if err != nil {
					return err
				}
				fmt.Fprintf(env.Stdout, "%d papers issued in %s\n", n, *papers)
				var left []string
				for _, u := range us {
					left = append(left, canGoOn(u, againOnHost))
				}
				if len(left) > 0 {
					return cli.Undeliveredf("%s; or lethe recover --conclude gives up and issues its notice", strings.Join(left, "; "))
				}
				return nil
			}
		},
	}
}
