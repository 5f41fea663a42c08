package main

import (
	"fmt"
	"strings"

	"lethe/certs/record"
	"lethe/cmd/internal/cli"
	"lethe/wipe/profile"
)

// checkWord is a person's word for a verification in the record's spelling: full,
// sampled, or a percentage such as 25%.
func checkWord(s string) (string, error) {
	check := s
	if n, ok := strings.CutSuffix(s, "%"); ok {
		check = record.CheckPercentage + n
	}
	if _, ok := record.CheckShare(check); !ok {
		return "", fmt.Errorf("want %s, %s, or a percentage from 1%% to %d%%", record.CheckFull, record.CheckSampled, record.MaxPercentage)
	}
	return check, nil
}

// lax is the refusal of a verification that a profile does not allow, nil where it
// does. It names the profiles that would.
func lax(p profile.Profile, check string) error {
	why := p.Lax(check)
	if check == "" || why == "" {
		return nil
	}
	var allow []string
	for _, id := range profile.IDs() {
		if o, err := profile.ByID(id); err == nil && o.Lax(check) == "" {
			allow = append(allow, id)
		}
	}
	if len(allow) == 0 {
		return cli.Usagef("--verify: %s; no profile allows less than 10%%", why)
	}
	return cli.Usagef("--verify: %s; --profile %s allows it", why, strings.Join(allow, " or "))
}

// readBack says in words how a task's result is verified.
func readBack(t record.Task, asked string) string {
	percent, _ := record.CheckShare(t.Check)
	switch {
	case t.Check != record.CheckFull:
		return fmt.Sprintf("a sample is read back and compared: drawn places that make up %d %% at least, and the first and the last sector", percent)
	case asked != "" && asked != record.CheckFull:
		return "every byte is read back and compared, since the drive is too small for a sample"
	}
	return "every byte is read back and compared"
}
