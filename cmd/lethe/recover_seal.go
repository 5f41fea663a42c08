package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lethe/certs/bundle/durable"
	"lethe/certs/record"
	"lethe/certs/sign"
)

// The formats of what a supervisor signs for its own successor.
const (
	sealFormat = "lethe.seal/v1"
	runFormat  = "lethe.run/v1"
)

// errSeal says that a file was not written by a supervisor with this key.
var errSeal = errors.New("not sealed with this key")

// seal is the supervisor's word that a task's lines are those it heard.
type seal struct {
	Format     string               `json:"format"`
	Task       string               `json:"task"`
	Transcript record.TranscriptRef `json:"transcript"`
}

// runNote is what the papers of a run need besides their transcripts.
type runNote struct {
	Format  string         `json:"format"`
	Plan    record.Hex     `json:"plan"`
	Labels  record.Labels  `json:"labels"`
	Machine record.Machine `json:"machine"`
	Tool    record.Tool    `json:"tool"`
	Clock   record.Clock   `json:"clock"`
	Order   []byte         `json:"order,omitempty"` // the order's envelope
}

// sealed is a document with the signature of the key that signs the papers. It is
// no paper: the words in front keep its signature from serving as one.
type sealed struct {
	Body []byte `json:"body"`
	Sig  []byte `json:"sig"`
}

func sealDigest(body []byte) []byte {
	d := sha256.Sum256(append([]byte("lethe sealed note v1\n"), body...))
	return d[:]
}

func sealUp(v any, s sign.Signer) ([]byte, error) {
	body, err := record.Marshal(v)
	if err != nil {
		return nil, err
	}
	sig, err := s.Sign(rand.Reader, sealDigest(body), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return record.Marshal(sealed{body, sig})
}

// unseal reads what sealUp wrote with the same key.
func unseal(b []byte, s sign.Signer, v any) error {
	var e sealed
	if err := record.Unmarshal(b, &e); err != nil {
		return fmt.Errorf("%w: %w", errSeal, err)
	}
	pub, ok := s.Public().(*ecdsa.PublicKey)
	if !ok || !ecdsa.VerifyASN1(pub, sealDigest(e.Body), e.Sig) {
		return errSeal
	}
	return record.Unmarshal(e.Body, v)
}

// writeSeal vouches for a task that ended in order, before its paper is made.
func writeSeal(dir string, v seal, s sign.Signer) error {
	b, err := sealUp(v, s)
	if err == nil {
		err = durable.Write(dir, v.Task+sealSuffix, b)
	}
	if err != nil {
		return fmt.Errorf("seal the end of task %s: %w", v.Task, err)
	}
	return nil
}

// hasSeal reports whether a supervisor with this key vouched for the transcript.
func hasSeal(dir, task string, ref record.TranscriptRef, s sign.Signer) bool {
	b, err := os.ReadFile(filepath.Join(dir, task+sealSuffix))
	var v seal
	return err == nil && unseal(b, s, &v) == nil && v == seal{sealFormat, task, ref}
}

// writeRun notes a run before its first line.
func writeRun(dir string, v runNote, s sign.Signer) error {
	b, err := sealUp(v, s)
	if err == nil {
		err = durable.Write(dir, v.Plan+runSuffix, b)
	}
	if err != nil {
		return fmt.Errorf("note the run: %w", err)
	}
	return nil
}

// dropRun removes the note of a run whose papers are all kept.
func dropRun(dir string, plan record.Hex) error {
	if err := os.Remove(filepath.Join(dir, plan+runSuffix)); err != nil {
		return fmt.Errorf("drop note of the run: %w", err)
	}
	return nil
}

// readRun reads the note of the run a task belongs to.
func readRun(dir string, plan record.Hex, s sign.Signer) (v runNote, err error) {
	b, err := os.ReadFile(filepath.Join(dir, filepath.Base(plan)+runSuffix))
	if err != nil {
		return v, unwrapPath(err)
	}
	if err := unseal(b, s, &v); err != nil {
		return v, err
	}
	if v.Format != runFormat || v.Plan != plan {
		return v, fmt.Errorf("%w: it is of another run", errSeal)
	}
	return v, nil
}
