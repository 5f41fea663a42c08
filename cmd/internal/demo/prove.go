package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"lethe/certs/pdf"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
)

// prove compares every drive with what the host remembers, and every paper with
// pdfsig, qpdf and lethe-check.
func (s *stage) prove(res *Result) error {
	papers, err := s.collect()
	if err != nil {
		return err
	}
	nss, err := s.trust()
	if err != nil {
		return err
	}
	for _, d := range s.drives {
		r := DriveResult{Name: d.Plug.Name, Bus: string(d.Bus), Serial: d.Serial, Size: d.Plug.Size, Loop: d.Loop != ""}
		if r.Remains, err = d.Compare(); err != nil {
			return err
		}
		if r.Kept, err = d.Kept(); err != nil {
			return err
		}
		res.Drives = append(res.Drives, r)
	}
	var files []string
	for _, f := range papers {
		files = append(files, f)
		p, err := s.examine(f, nss)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
		if p.Record == nil {
			res.Summary = p
			continue
		}
		for i := range res.Drives {
			if id := p.Record.Device.Identity; id.Serial == res.Drives[i].Serial && (s.nsid(i) == 0 || s.nsid(i) == id.NSID) {
				res.Drives[i].Paper = p
			}
		}
	}
	res.Checked = len(files) > 0 && s.check(files...) == cli.ExitOK
	res.Proven = res.Checked && res.Summary.good() && len(files) == len(res.Drives)+1
	for _, d := range res.Drives {
		res.Proven = res.Proven && d.Remains.Gone() && d.Paper.good()
	}
	return nil
}

func (p *PaperResult) good() bool { return p != nil && p.Pdfsig && p.Qpdf && p.Checked }

// collect copies the papers that the depot stored, or the stick, into the output
// folder.
func (s *stage) collect() ([]string, error) {
	old, err := filepath.Glob(filepath.Join(s.Out, "*.pdf"))
	if err != nil {
		return nil, err
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			return nil, err
		}
	}
	from := s.depot.dir
	if s.Artefact != nil && s.Artefact.Stick {
		if from, err = s.stickPapers(); err != nil {
			return nil, err
		}
	}
	found, err := filepath.Glob(filepath.Join(from, "*.pdf"))
	if err != nil {
		return nil, err
	}
	sort.Strings(found)
	var out []string
	for _, f := range found {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		to := filepath.Join(s.Out, filepath.Base(f))
		if err := os.WriteFile(to, b, 0o644); err != nil {
			return nil, err
		}
		out = append(out, to)
	}
	return out, nil
}

// trust makes an NSS database that trusts this run's root, as an auditor would.
func (s *stage) trust() (string, error) {
	dir := filepath.Join(s.work, "nss")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	root := filepath.Join(s.Out, "root.pem")
	for _, args := range [][]string{
		{"-N", "-d", "sql:" + dir, "--empty-password"},
		{"-A", "-d", "sql:" + dir, "-n", "lethe-demo", "-t", ",C,", "-i", root},
	} {
		if out, err := exec.CommandContext(s.ctx, "certutil", args...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("certutil: %w: %s", err, out)
		}
	}
	return dir, nil
}

// examine asks foreign tools and lethe-check about one paper.
func (s *stage) examine(file, nss string) (*PaperResult, error) {
	p := &PaperResult{File: filepath.Base(file), Kind: "summary"}
	// pdfsig's exit status means nothing: its words do.
	said, _ := exec.CommandContext(s.ctx, "pdfsig", "-nssdir", nss, file).CombinedOutput()
	p.Pdfsig = pdfsigGood(string(said))
	p.Qpdf = exec.CommandContext(s.ctx, "qpdf", "--check", file).Run() == nil
	status := s.check(file)
	p.Checked = status == cli.ExitOK
	p.Authentic = p.Checked || status == cli.ExitRefused
	b, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	doc, err := pdf.Read(b)
	if err != nil {
		return p, err
	}
	env, ok := doc.Attachments[pdf.AttachRecord]
	if !ok {
		return p, nil
	}
	payload, err := sign.UnverifiedPayload(env, sign.PayloadRecord)
	if err != nil {
		return p, err
	}
	var r record.Record
	if err := record.Unmarshal(payload, &r); err != nil {
		return p, err
	}
	p.Kind, p.State, p.Record = r.Kind, string(r.Verdict.State), &r
	return p, nil
}

// pdfsigGood wants one signature, valid, trusted and over the whole file.
func pdfsigGood(said string) bool {
	return strings.Count(said, "Signature Validation:") == 1 &&
		strings.Contains(said, "Signature Validation: Signature is Valid.") &&
		strings.Contains(said, "Certificate Validation: Certificate is Trusted.") &&
		strings.Contains(said, "Total document signed")
}

// check runs lethe-check as anyone would and returns its exit status.
func (s *stage) check(files ...string) int {
	args := append([]string{"--trust", filepath.Join(s.Out, "root.pem"), "--quiet"}, files...)
	cmd := exec.CommandContext(context.WithoutCancel(s.ctx), filepath.Join(s.Bin, "lethe-check"), args...)
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return cli.ExitInternal
	}
	return cmd.ProcessState.ExitCode()
}
