package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
)

func keyCommand() cli.Command {
	return cli.Command{
		Name: "key", Short: "make the root and the keys of its three jobs: key init",
		Help: `lethe key init makes, in a new folder, a root and one key for each job:

  root.pem,     root-key.pem      the trust anchor; keep its key off line
  agent.pem,    agent-key.pem     signs records and certificates
  approver.pem, approver-key.pem  signs orders
  depot.pem,    depot-key.pem     TLS and receipts of a depot

A key of one job cannot do another's: the certificates say which is which. All
keys are ECDSA P-256. Existing files are never replaced.`,
		Flags: func(fs *flag.FlagSet) cli.Run {
			dir := fs.String("dir", "keys", "`folder` to make")
			name := fs.String("name", "", "`name` of the organisation, printed on every certificate (required)")
			hosts := fs.String("depot-host", "127.0.0.1,localhost", "comma-separated `names` and addresses of the depot")
			days := fs.Int("days", 825, "how many `days` the root is valid; keys at most as long")
			return func(_ context.Context, env cli.Env, args []string) error {
				if len(args) != 1 || args[0] != "init" {
					return cli.Usagef("say: lethe key init --name NAME")
				}
				if *name == "" || *days < 1 {
					return cli.Usagef("key init needs --name NAME, and at least one day")
				}
				v := sign.Lasting(time.Now(), time.Duration(*days)*24*time.Hour)
				if err := initKeys(*dir, *name, strings.Split(*hosts, ","), v); err != nil {
					return err
				}
				fmt.Fprintf(env.Stdout, "wrote root, agent, approver and depot to %s; trust %s\n",
					*dir, filepath.Join(*dir, "root.pem"))
				return nil
			}
		},
	}
}

func initKeys(dir, name string, hosts []string, v sign.Validity) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make key folder: %w", err)
	}
	at := func(n string) (key, cert string) {
		return filepath.Join(dir, n+"-key.pem"), filepath.Join(dir, n+".pem")
	}
	root, err := sign.NewAuthority(name+" Lethe root", v)
	if err != nil {
		return err
	}
	k, c := at("root")
	if err := root.Write(k, c); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return cli.Usagef("%s already holds keys; choose another --dir", dir)
		}
		return err
	}
	for _, l := range []struct {
		file, name string
		role       sign.Role
		hosts      []string
	}{
		{"agent", name + " Lethe agent", sign.RoleRecord, nil},
		{"approver", name + " order approver", sign.RoleOrder, nil},
		{"depot", name + " depot", sign.RoleDepot, hosts},
	} {
		s, err := root.Leaf(l.role, l.name, v, l.hosts...)
		if err != nil {
			return err
		}
		k, c := at(l.file)
		if err := sign.WriteSigner(k, c, s); err != nil {
			return err
		}
	}
	return nil
}
