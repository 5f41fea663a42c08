package main

import (
	"context"
	"fmt"
	"time"
)

// makeUp issues papers that could not be made or kept, from their journals: these are
// in memory, and with the machine both would be gone. It tries again until every task
// has its paper or ctx ends; the error is of what is missing then. Papers that are
// there leave meanwhile.
func (b *boot) makeUp(ctx context.Context, r *recovery, every time.Duration) error {
	for {
		_, err := r.run()
		if err == nil {
			return nil
		}
		b.log.Errorf("papers are missing: %v; their journals are kept in %s and tried again in %s", err, r.dir, every)
		select {
		case <-ctx.Done():
			return fmt.Errorf("papers are missing: %w", err)
		case <-time.After(every):
		}
	}
}

// unkept is the recovery of what a mission began.
func (m *mission) unkept(papers string) *recovery {
	return &recovery{env: m.env, dir: m.journal, spool: m.spool, papers: papers, signer: m.signer, tool: m.tool}
}
