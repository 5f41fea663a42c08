package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/net/netutil"

	"lethe/certs/bundle"
	"lethe/cmd/lethe-depot/internal/archive"
	"lethe/cmd/lethe-depot/internal/identity"
	"lethe/cmd/lethe-depot/internal/server"
)

const serveHelp = `lethe-depot serve takes papers by HTTPS, judges each again, and keeps those that
are authentic: certificates, notices that say "not sanitised", and summaries. What
does not check is refused with the reason, and nothing of it is kept.

  lethe-depot serve --dir papers --cert depot.pem --key depot.key --trust root.pem

The certificate must have the depot role and name the hosts by which machines reach
this depot: "lethe key init" makes one. The same key answers TLS and signs receipts.
Whoever reaches the port can read the papers: listen where only those do who may.

In DIR: ID.pdf, ID.receipt.json, index.jsonl (only appended to), intents/.
SIGTERM or Ctrl-C lets requests under way end, then stops with status 0.

`

// maxConns bounds connections; each waiting one costs a goroutine and a buffer.
const maxConns = 256

// drainTime is how long requests under way may take after a signal.
const drainTime = 30 * time.Second

type serveFlags struct {
	listen, dir, cert, key, trust, name string
	maxSize                             int64
	json, physical                      bool
}

func serveCmd(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var f serveFlags
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.StringVar(&f.listen, "listen", "127.0.0.1:8443", "`address` and port to listen on")
	fs.StringVar(&f.dir, "dir", "", "`folder` for the papers; made when it is not there")
	fs.StringVar(&f.cert, "cert", "", "PEM `file`: the depot's certificate and what issued it, without the root")
	fs.StringVar(&f.key, "key", "", "PEM `file`: its private key, readable by nobody else")
	fs.StringVar(&f.trust, "trust", "", "PEM `file`: the roots to which papers and the depot itself must lead")
	fs.StringVar(&f.name, "name", "", "the depot's `name` in receipts (default: the certificate's)")
	fs.Int64Var(&f.maxSize, "max-size", bundle.MaxPDF, "largest paper, in `bytes`")
	fs.BoolVar(&f.physical, "physical", false, "refuse papers marked VIRTUAL")
	fs.BoolVar(&f.json, "log-json", false, "log in JSON")
	if err := parse(fs, serveHelp, args, stdout, "dir", "cert", "key", "trust"); err != nil {
		return err
	}
	if f.maxSize < 1 || f.maxSize > bundle.MaxPDF {
		return &usageError{fmt.Sprintf("serve: --max-size %d: want 1 to %d", f.maxSize, bundle.MaxPDF)}
	}
	log := logrus.New()
	log.SetOutput(stderr)
	log.SetFormatter(&logrus.TextFormatter{FullTimestamp: true, DisableColors: true})
	if f.json {
		log.SetFormatter(&logrus.JSONFormatter{})
	}
	return serve(ctx, f, log)
}

func serve(ctx context.Context, f serveFlags, log *logrus.Logger) (err error) {
	roots, err := identity.ReadRoots(f.trust)
	if err != nil {
		return err
	}
	id, err := identity.Load(f.cert, f.key, roots, time.Now)
	if err != nil {
		return err
	}
	if f.name == "" {
		f.name = id.Leaf().Subject.CommonName
	}
	a, err := archive.Open(archive.Config{Dir: f.dir, Name: f.name, Check: judgeBy(roots, f.physical), Seal: id,
		Now: time.Now, Report: func(err error) { log.WithError(err).Warn("archive") }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	log.WithFields(logrus.Fields{"address": "https://" + l.Addr().String(), "dir": f.dir, "name": f.name,
		"papers": len(a.List()), "until": id.Leaf().NotAfter.UTC().Format(time.RFC3339)}).Info("serving")
	s := &http.Server{
		Handler: server.New(server.Config{Archive: a, Name: f.name, MaxPDF: f.maxSize,
			Access: func(r server.Access) { access(log, r) }}),
		ReadHeaderTimeout: 10 * time.Second, // bounds the handshake too
		ReadTimeout:       30 * time.Second, // an upload sets its own by its length
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          stdlog.New(log.WriterLevel(logrus.DebugLevel), "", 0),
	}
	return untilDone(ctx, s, tls.NewListener(netutil.LimitListener(l, maxConns), id.TLS()), log)
}

// untilDone serves until ctx ends, then lets requests under way end.
func untilDone(ctx context.Context, s *http.Server, l net.Listener, log *logrus.Logger) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: requests under way may end")
	late, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := s.Shutdown(late); err != nil {
		return fmt.Errorf("stop: %w", errors.Join(err, s.Close()))
	}
	log.Info("stopped")
	return nil
}

func access(log *logrus.Logger, a server.Access) {
	l := log.WithFields(logrus.Fields{"remote": a.Remote, "method": a.Method, "path": a.Path,
		"status": a.Status, "in": a.In, "out": a.Out, "ms": a.Took.Milliseconds()})
	if a.Reason != "" {
		l = l.WithField("reason", a.Reason)
	}
	switch {
	case a.Status >= 500:
		l.Error("request")
	case a.Status >= 400:
		l.Warn("request")
	default:
		l.Info("request")
	}
}
