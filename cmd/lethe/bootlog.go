package main

import (
	"context"
	"crypto/x509"
	"io"
	"os"
	"strings"

	"github.com/sirupsen/logrus"

	"lethe/certs/sign"
	"lethe/cmd/internal/cli"
	"lethe/cmd/internal/sysinit"
	"lethe/cmd/internal/syslog"
	"lethe/image/site"
)

// newBoot speaks on all consoles and logs to the site's log server from the first
// line on.
func newBoot(ctx context.Context, env cli.Env) *boot {
	b := &boot{env: env, log: logrus.New()}
	if words, err := os.ReadFile("/proc/cmdline"); err == nil && sysinit.Plain(string(words)) {
		b.env.TTY, b.env.Color = false, false
	}
	if sysinit.InImage() {
		st, _ := sysinit.ReadSite() // a broken one is told when it is read again
		b.onAllConsoles(sysinit.OtherConsoles(st))
		b.logTo(ctx, st)
	}
	b.log.SetOutput(b.env.Stdout)
	b.log.SetFormatter(&logrus.TextFormatter{DisableColors: !b.env.Color, FullTimestamp: true})
	return b
}

// onAllConsoles writes to others what goes to our own. A line must fit the
// narrowest: a serial line does not say how wide its terminal is.
func (b *boot) onAllConsoles(others []*os.File) {
	if len(others) == 0 {
		return
	}
	var ws []io.Writer
	for _, f := range others {
		ws = append(ws, f)
	}
	b.screens = sysinit.NewScreens(b.env.Stdout, ws...)
	b.env.Stdout, b.env.Width = b.screens, min(b.env.Width, 80)
}

// logTo sends the log to the site's server, too. Transcripts and papers never go
// there: they are not logged.
func (b *boot) logTo(ctx context.Context, st site.Site) {
	if st.Syslog == nil {
		return
	}
	scheme, addr, err := st.Syslog.Address()
	if err == nil {
		o := syslog.Options{Scheme: scheme, Address: addr, Host: hostName(st), App: "lethe"}
		if scheme == "tls" {
			o.Roots, err = syslogRoots(st)
		}
		var s *syslog.Sender
		if err == nil {
			s, err = syslog.New(ctx, o)
		}
		if err == nil {
			b.log.AddHook(syslogHook{s})
			return
		}
	}
	b.log.Warnf("the log server is not used: %v", err)
}

// hostName tells machines with the same image apart: by the serial number where
// the site gives no name.
func hostName(st site.Site) string {
	serial, err := os.ReadFile("/sys/class/dmi/id/product_serial")
	name := strings.TrimSpace(string(serial))
	if err != nil || name == "" || st.Hostname != "" {
		return st.Hostname
	}
	return name
}

func syslogRoots(st site.Site) (*x509.CertPool, error) {
	if st.Syslog.CA != "" {
		return readRoots(st.Syslog.CA)
	}
	return rootsOf(st.Trust)
}

// rootsOf reads PEM files.
func rootsOf(files []string) (*x509.CertPool, error) {
	var pem []byte
	for _, t := range files {
		p, err := os.ReadFile(t)
		if err != nil {
			return nil, err
		}
		pem = append(pem, p...)
	}
	return sign.ParseRoots(pem)
}

// syslogHook hands log lines on.
type syslogHook struct{ to *syslog.Sender }

// Levels are all.
func (syslogHook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire never fails and never waits.
func (h syslogHook) Fire(e *logrus.Entry) error {
	h.to.Send(syslog.Message{Severity: severity(e.Level), At: e.Time, Text: e.Message})
	return nil
}

func severity(l logrus.Level) syslog.Severity {
	switch l {
	case logrus.PanicLevel, logrus.FatalLevel:
		return syslog.Critical
	case logrus.ErrorLevel:
		return syslog.Err
	case logrus.WarnLevel:
		return syslog.Warning
	case logrus.InfoLevel:
		return syslog.Info
	}
	return syslog.Debug
}
