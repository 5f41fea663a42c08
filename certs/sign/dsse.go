package sign

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"lethe/certs/record"
)

// The payload types of DSSE envelopes. Each belongs to one role.
const (
	PayloadRecord  = "application/vnd.lethe.record.v1+json"
	PayloadSummary = "application/vnd.lethe.summary.v1+json"
	PayloadLook    = "application/vnd.lethe.look.v1+json"
	PayloadPlan    = "application/vnd.lethe.plan.v1+json"
	PayloadIntent  = "application/vnd.lethe.intent.v1+json"
	PayloadOrder   = "application/vnd.lethe.order.v1+json"
	PayloadReceipt = "application/vnd.lethe.receipt.v1+json"
	PayloadMarker  = "application/vnd.lethe.marker.v1+json"
)

var payloadRole = map[string]Role{
	PayloadRecord: RoleRecord, PayloadSummary: RoleRecord, PayloadLook: RoleRecord, PayloadPlan: RoleRecord, PayloadIntent: RoleRecord,
	PayloadOrder: RoleOrder, PayloadMarker: RoleOrder, PayloadReceipt: RoleDepot,
}

// maxEnvelope bounds what is decoded at all.
const maxEnvelope = 16 << 20

// Envelope is a DSSE v1 envelope in canonical JSON. The chain is an addition of ours.
type Envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"` // base64
	Signatures  []Signature `json:"signatures"`
}

// Signature is one signature of an envelope, over its pre-authentication encoding.
type Signature struct {
	KeyID record.Hex `json:"keyid"` // SHA-256 of the leaf certificate
	Sig   []byte     `json:"sig"`   // base64 of DER ECDSA
	Chain [][]byte   `json:"chain"` // base64 of DER certificates, leaf first, without the root
}

// PAE is DSSE's pre-authentication encoding: what is signed.
func PAE(payloadType string, payload []byte) []byte {
	b := []byte("DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " ")
	return append(b, payload...)
}

// SignDSSE wraps a payload. The signer must have the role the payload type belongs to.
func SignDSSE(payloadType string, payload []byte, s Signer) ([]byte, error) {
	role, ok := payloadRole[payloadType]
	if !ok {
		return nil, fmt.Errorf("sign envelope: %w: %q", ErrType, payloadType)
	}
	if err := checkSigner(s); err != nil {
		return nil, fmt.Errorf("sign envelope: %w", err)
	}
	chain := s.Chain()
	if err := requireRole(chain[0], role); err != nil {
		return nil, fmt.Errorf("sign envelope: %w", err)
	}
	sig, err := signDigest(s, sha256.Sum256(PAE(payloadType, payload)))
	if err != nil {
		return nil, fmt.Errorf("sign envelope: %w", err)
	}
	e := Signature{KeyID: record.Digest(chain[0].Raw), Sig: sig}
	for _, c := range chain {
		e.Chain = append(e.Chain, c.Raw)
	}
	return record.Marshal(Envelope{payloadType, payload, []Signature{e}})
}

// VerifyDSSE returns the payload of an envelope that one signer of the role signed,
// whose chain leads to a root at that time, and that signer's certificate.
func VerifyDSSE(env []byte, payloadType string, roots *x509.CertPool, role Role, at time.Time) ([]byte, *x509.Certificate, error) {
	e, err := open(env, payloadType)
	if err != nil {
		return nil, nil, err
	}
	if payloadRole[payloadType] != role {
		return nil, nil, fmt.Errorf("%w: %s does not sign %s", ErrRole, role, payloadType)
	}
	sig := e.Signatures[0]
	chain, err := parseChain(sig.Chain)
	if err != nil {
		return nil, nil, err
	}
	if sig.KeyID != record.Digest(chain[0].Raw) {
		return nil, nil, fmt.Errorf("%w: key id is not that of the certificate", ErrMalformed)
	}
	if err := verifyChain(chain, roots, role, at); err != nil {
		return nil, nil, err
	}
	if err := verifyDigest(chain[0], sha256.Sum256(PAE(payloadType, e.Payload)), sig.Sig); err != nil {
		return nil, nil, err
	}
	return e.Payload, chain[0], nil
}

// UnverifiedPayload is what an envelope says, without any check of who says it. It
// serves to learn the time of signature, at which [VerifyDSSE] must then succeed.
func UnverifiedPayload(env []byte, payloadType string) ([]byte, error) {
	e, err := open(env, payloadType)
	if err != nil {
		return nil, err
	}
	return e.Payload, nil
}

func open(env []byte, payloadType string) (Envelope, error) {
	var e Envelope
	if len(env) > maxEnvelope {
		return e, fmt.Errorf("%w: envelope of %d bytes", ErrMalformed, len(env))
	}
	if err := record.Unmarshal(env, &e); err != nil {
		if looksBare(env) {
			return e, fmt.Errorf("%w: a document without an envelope", ErrUnsigned)
		}
		return e, fmt.Errorf("%w: envelope: %w", ErrMalformed, err)
	}
	switch {
	case e.PayloadType != payloadType:
		return e, fmt.Errorf("%w: %q, want %q", ErrType, e.PayloadType, payloadType)
	case len(e.Signatures) == 0:
		return e, ErrUnsigned
	case len(e.Signatures) != 1:
		return e, fmt.Errorf("%w: %d signatures, want 1", ErrMalformed, len(e.Signatures))
	}
	return e, nil
}

// looksBare tells a document of ours that nobody signed from mere noise, for a
// message that helps.
func looksBare(b []byte) bool {
	var d struct {
		Format string `json:"format"`
	}
	return json.Unmarshal(b, &d) == nil && d.Format != ""
}
