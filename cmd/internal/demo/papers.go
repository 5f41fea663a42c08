package demo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"lethe/certs/order"
	"lethe/certs/record"
	"lethe/certs/sign"
	"lethe/image/boottest"
	"lethe/image/initramfs"
	"lethe/image/site"
	"lethe/wipe/profile"
)

// The guest reaches the host's loopback here (QEMU's user network).
const hostFromGuest = "10.0.2.2"

// keyLife bounds the keys of one run: they die with it.
const keyLife = 12 * time.Hour

// makePapers makes a root and keys for this run only. The root's key never
// leaves this process; the agent's goes into the machine and dies with it.
func (s *stage) makePapers(*Result) error {
	now := time.Now()
	var err error
	if s.root, err = sign.NewAuthority("Lethe demo root", sign.Lasting(now, keyLife)); err != nil {
		return err
	}
	rootPEM := sign.EncodeCertificates(s.root.Certificate())
	if err := os.WriteFile(filepath.Join(s.Out, "root.pem"), rootPEM, 0o644); err != nil {
		return err
	}
	if s.approver, err = s.root.Leaf(sign.RoleOrder, "Demo approver", sign.Lasting(now, keyLife)); err != nil {
		return err
	}
	agent, err := s.root.Leaf(sign.RoleRecord, "Lethe demo agent", sign.Lasting(now, keyLife))
	if err != nil {
		return err
	}
	key, chain, err := sign.EncodeSigner(agent)
	if err != nil {
		return err
	}
	files := []initramfs.File{
		{Path: "etc/lethe/root.pem", Mode: 0o644, Data: rootPEM},
		{Path: "etc/lethe/agent-key.pem", Mode: 0o600, Data: key},
		{Path: "etc/lethe/agent.pem", Mode: 0o644, Data: chain},
	}
	st := site.Site{Version: site.Version, Trust: []string{"/etc/lethe/root.pem"},
		Key: "/etc/lethe/agent-key.pem", Chain: "/etc/lethe/agent.pem", Hostname: "lethe-demo"}
	if s.depot, err = newDepot(s.root, s.work, keyLife); err != nil {
		return err
	}
	st.Depot = s.depot.url(hostFromGuest)
	if !s.NoOrder {
		env, err := s.signOrder(now)
		if err != nil {
			return err
		}
		files = append(files, initramfs.File{Path: "etc/lethe/order.dsse.json", Mode: 0o644, Data: env})
		st.Order = "/etc/lethe/order.dsse.json"
	}
	for name, b := range s.Overlay {
		files = append(files, initramfs.File{Path: name, Mode: 0o644, Data: b})
	}
	if s.Site != nil {
		s.Site(&st)
	}
	if s.Artefact != nil {
		return s.buildArtefact(st, files)
	}
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	files = append(files, initramfs.File{Path: "etc/lethe/site.json", Mode: 0o644, Data: b})
	s.overlay, err = initramfs.Pack(initramfs.Fast, files...)
	return err
}

// signOrder names the drives by serial number, and nothing else.
func (s *stage) signOrder(now time.Time) ([]byte, error) {
	o := record.Order{
		Format: record.OrderFormat, ID: "ORD-DEMO-1", Issued: record.At(now), Reason: record.ReasonTermination,
		Labels: record.Labels{Contract: "C-2026-0042", Customer: "Example Customer Ltd", ServiceCode: "SVC-7731",
			AssetTag: "AT-000123", Site: "Demo rack 1",
			Operator: record.Person{Name: "Demo Operator", Title: "Engineer", Organization: "Lethe demo", Contact: "ops@example.com"},
			Source:   "Demo Server DEMO-SRV-0001", Destination: "reuse within the data centre", Backup: "no",
			Classification: "confidential"},
		Machine: record.MachineTarget{Serial: Machine.Serial, UUID: Machine.UUID},
		Count:   int64(len(s.drives)), Least: record.MethodClear, Profile: profile.Default,
		Window: record.Window{NotBefore: record.At(now.Add(-time.Hour)), NotAfter: record.At(now.Add(keyLife))},
	}
	if s.Window != (record.Window{}) {
		o.Window = s.Window
	}
	for i, d := range s.drives {
		o.Drives = append(o.Drives, record.DriveTarget{Serial: d.Serial, Model: d.Model, NSID: s.nsid(i)})
	}
	return order.Sign(o, s.approver)
}

// nsid numbers the namespaces of an NVMe drive that has several, in their order; 0
// for every other drive.
func (s *stage) nsid(i int) int64 {
	var n, here int64
	for j, d := range s.drives {
		if d.Bus == boottest.NVMe && d.Serial == s.drives[i].Serial {
			if n++; j == i {
				here = n
			}
		}
	}
	if n < 2 {
		return 0
	}
	return here
}
