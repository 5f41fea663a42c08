// Package order signs and opens erase orders: a [record.Order] in a DSSE envelope,
// signed by a key that may approve orders and do nothing else. What an order permits
// is the business of [record.Order]; who gave it, of this package.
package order

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"lethe/certs/record"
	"lethe/certs/sign"
)

// Why an order is not taken. A malformed one wraps [record.ErrOrderMalformed].
var (
	ErrUnsigned = errors.New("order is not signed")
	ErrSigner   = errors.New("order is not signed by a trusted approver")
)

// Sign writes a valid order in its envelope.
func Sign(o record.Order, s sign.Signer) ([]byte, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	b, err := record.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", record.ErrOrderMalformed, err)
	}
	env, err := sign.SignDSSE(sign.PayloadOrder, b, s)
	if err != nil {
		return nil, fmt.Errorf("sign order: %w", err)
	}
	return env, nil
}

// Open returns a valid order and its reference, if an approver whose chain leads to
// one of the roots at that time signed it. It does not look at the order's window or
// machine: [record.Order.Permits] does.
func Open(env []byte, roots *x509.CertPool, at time.Time) (record.Order, record.OrderRef, error) {
	b, leaf, err := sign.VerifyDSSE(env, sign.PayloadOrder, roots, sign.RoleOrder, at)
	if err != nil {
		return record.Order{}, record.OrderRef{}, explain(err)
	}
	o, err := decode(b)
	if err != nil {
		return record.Order{}, record.OrderRef{}, err
	}
	return o, record.OrderRef{
		ID: o.ID, Digest: record.Digest(b), Reason: o.Reason, Approved: []string{leaf.Subject.CommonName},
	}, nil
}

// Show returns what an envelope says without asking who signed it: for reading,
// never for erasing.
func Show(env []byte) (record.Order, error) {
	b, err := sign.UnverifiedPayload(env, sign.PayloadOrder)
	if err != nil {
		return record.Order{}, explain(err)
	}
	return decode(b)
}

func decode(b []byte) (record.Order, error) {
	var o record.Order
	if err := record.Unmarshal(b, &o); err != nil {
		return record.Order{}, fmt.Errorf("%w: %w", record.ErrOrderMalformed, err)
	}
	if err := o.Validate(); err != nil {
		return record.Order{}, err
	}
	return o, nil
}

// explain puts a signature's fault in the words of orders.
func explain(err error) error {
	switch {
	case errors.Is(err, sign.ErrUnsigned):
		return fmt.Errorf("%w: %w", ErrUnsigned, err)
	case errors.Is(err, sign.ErrMalformed), errors.Is(err, sign.ErrType):
		return fmt.Errorf("%w: %w", record.ErrOrderMalformed, err)
	}
	return fmt.Errorf("%w: %w", ErrSigner, err)
}
