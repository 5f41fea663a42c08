//go:build boot

package demo_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lethe/cmd/internal/demo"
	"lethe/image/boottest"
	"lethe/image/site"
)

// In firmware without keys a person types lethe enroll into the image's shell, which
// this site permits. From then on the firmware starts what these keys signed, and the
// certificate says that it was verified; what they did not sign it refuses.
func TestEnroll(t *testing.T) { t.Run("enroll", enroll) }

func enroll(t *testing.T) {
	b, err := os.ReadFile(boottest.EmptyVars)
	if err != nil {
		t.Fatal(err)
	}
	vars := filepath.Join(t.TempDir(), "vars.fd")
	if err := os.WriteFile(vars, b, 0o600); err != nil {
		t.Fatal(err)
	}
	file := func(*testing.T) string { return vars }
	o := way{formats: "uki", args: withShell, config: onFAT(secure, file)}.options(t)
	o.NoOrder = true
	o.Site = func(s *site.Site) { s.Permit = []string{"lethe.list", "lethe.plain", "lethe.shell"} }
	o.During = func(ctx context.Context, m *demo.Running) error {
		for _, step := range []struct{ seen, typed string }{
			{`This is a shell`, "lethe enroll --keys /etc/lethe/keys --confirm " + demo.Machine.Serial},
			{`the keys are in`, "poweroff"},
		} {
			if _, err := m.Expect(ctx, step.seen); err != nil {
				return err
			}
			if err := m.Send(step.typed + "\n"); err != nil {
				return err
			}
		}
		return m.Wait(ctx)
	}
	run(t, o)
	if res := run(t, way{formats: "uki", args: signed, config: onFAT(secure, file)}.options(t)); !res.Proven {
		t.Errorf("not proven: %+v", res.Drives)
	} else if got := res.Drives[0].Paper.Record.Context.Tool.Image; !strings.Contains(got, byOwner) {
		t.Errorf("image %q, want %q", got, byOwner)
	}
	refusedUntouched(t, way{formats: "uki", config: onFAT(secure, file)}.options(t), `Access Denied[^\n]*`)
}

// withShell puts the keys for the firmware into the image.
func withShell(t *testing.T) []string {
	args := []string{"--words", "lethe.plain lethe.shell"}
	for _, n := range []string{"db.auth", "KEK.auth", "PK.auth"} {
		args = append(args, "--add", "/etc/lethe/keys/"+n+"="+filepath.Join(keys(t), n))
	}
	return args
}
