package main

import (
	"context"
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
	tool   record.Tool
}

// run issues what is missing and says each in a line. A file that is no journal is
// told and left alone. The error speaks of papers that could not be made.
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
		made, err := r.one(task)
		var alone *leftAlone
		switch {
		case errors.As(err, &alone):
			fmt.Fprintf(r.env.Stderr, "%s: left alone: %s\n", filepath.Join(r.dir, f.Name()), alone.why)
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
type leftAlone struct{ why string }

func (e *leftAlone) Error() string { return e.why }

// one issues the paper of one journal, unless it has one.
func (r *recovery) one(task string) (made bool, err error) {
	if !bundle.ValidID(task) {
		return false, &leftAlone{"its name is not that of a task"}
	}
	// The old supervisor was killed after the paper was kept and before it said so.
	if _, err := os.Lstat(filepath.Join(r.papers, task+".pdf")); err == nil {
		return false, markIssued(r.dir, task)
	}
	t, err := r.conclude(task)
	if err != nil {
		return false, err
	}
	first := t.Lines[0].Event.Task
	prof, err := profile.ByID(first.Profile.ID)
	if err != nil || prof.Ref() != first.Profile {
		return false, &leftAlone{fmt.Sprintf("it was planned under profile %s as another version of lethe has it: recover it with that version", first.Profile.ID)}
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
	f, err := os.OpenFile(filepath.Join(r.dir, task+journalSuffix), os.O_RDONLY|openPlain, 0)
	if err != nil {
		return nil, &leftAlone{unwrapPath(err).Error()}
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, &leftAlone{"it is not a file"}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", unwrapPath(err))
	}
	if len(b) > maxJournal {
		return nil, &leftAlone{"it is longer than a journal can be"}
	}
	t, err := job.Conclude(b, job.Restart{Boot: bootID(), Now: time.Now(), Sealed: func(ref record.TranscriptRef) bool {
		return hasSeal(r.dir, task, ref, r.signer)
	}})
	if errors.Is(err, job.ErrNotJournal) {
		return nil, &leftAlone{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if id := t.Lines[0].Event.Task.ID; id != task {
		return nil, &leftAlone{fmt.Sprintf("it is of task %s", id)}
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
			return c, nil, &leftAlone{fmt.Sprintf("its order %s cannot be read (note of the run: %v)", t.Order.ID, err)}
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
		return c, nil, &leftAlone{fmt.Sprintf("its order %s cannot be read (%v)", t.Order.ID, err)}
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
// touched, nor made.
func recoverIn(env cli.Env, papers string, s sign.Signer) (issued int, err error) {
	dir := journalDir(papers)
	if _, err := os.Lstat(dir); err != nil {
		return 0, nil
	}
	sp, err := papersIn(papers)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, sp.Close()) }()
	tool, err := hostTool()
	if err != nil {
		return 0, err
	}
	r := &recovery{env: env, dir: dir, spool: sp, papers: papers, signer: s, tool: tool}
	if issued, err = r.run(); err != nil {
		return issued, cli.Undeliveredf("papers of an earlier run are missing: %v; no drive was touched", err)
	}
	return issued, nil
}

func recoverCommand() cli.Command {
	return cli.Command{
		Name: "recover", Short: "issue the papers of a run that was killed or lost its power",
		Help: `lethe recover looks in --papers for tasks that were begun and have no paper, since
their lethe was killed or the power failed, and issues it: a notice that says how
far the task came. A task that had ended in order gets the certificate it earned,
if the lethe that erased sealed its end with the same key. Papers that exist are
never touched. lethe erase does the same before it begins.

  lethe recover --papers papers --key agent-key.pem --cert agent.pem

Exit status 0 means that every task in the folder has its paper.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			key := fs.String("key", "", "`file` of the key that signs the papers")
			cert := fs.String("cert", "", "its certificate `file`")
			papers := fs.String("papers", "papers", "`folder` of the papers")
			return func(_ context.Context, env cli.Env, args []string) error {
				if len(args) > 0 || *key == "" || *cert == "" {
					return cli.Usagef("recover needs --key and --cert, and takes no arguments")
				}
				signer, err := readSigner(*key, *cert)
				if err != nil {
					return cli.Usagef("%v", err)
				}
				if _, err := os.Stat(*papers); err != nil {
					return cli.Usagef("folder of the papers %s: %v", *papers, unwrapPath(err))
				}
				n, err := recoverIn(env, *papers, signer)
				if err != nil {
					return err
				}
				fmt.Fprintf(env.Stdout, "%d papers issued in %s\n", n, *papers)
				return nil
			}
		},
	}
}
