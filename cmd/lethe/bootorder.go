package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lethe/cmd/internal/cli"
)

// maxOrder bounds an order's file in bytes.
const maxOrder = 16 << 20

// orderRetry is how long the agent rests before it asks for an order again.
const orderRetry = 15 * time.Second

// fetchOrder reads the order of the image, of the stick, or of an https URL. A server
// that does not answer is asked again until ctx ends: nothing is touched meanwhile.
// Whether the order counts is a matter of its own signature.
func (b *boot) fetchOrder(ctx context.Context, path string, roots *x509.CertPool) ([]byte, error) {
	if strings.HasPrefix(path, "/") {
		raw, err := readSmall(path, maxOrder)
		if err != nil {
			return nil, cli.Refusedf("order %s: %v; nothing was touched", path, unwrapPath(err))
		}
		return raw, nil
	}
	pinned, err := b.depotRoots(roots)
	if err != nil {
		return nil, err
	}
	client, err := orderClient(pinned, b.state.Site.Proxy)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		raw, err := getOrder(ctx, client, path)
		var no *orderRefused
		switch {
		case err == nil:
			return raw, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.As(err, &no):
			return nil, cli.Refusedf("order %s: %v; nothing was touched", path, err)
		case n == 1 || n%adviseEvery == 0:
			b.log.Warnf("order %s: %v; it is asked for again every %v, and nothing is touched meanwhile: %s",
				path, err, orderRetry, advice(err, time.Now(), b.state.Net.Now().Up()))
		}
		select {
		case <-ctx.Done():
		case <-time.After(orderRetry):
		}
	}
}

// orderRefused is an answer that will not change by itself.
type orderRefused struct{ status string }

func (e *orderRefused) Error() string { return "the server answers " + e.status }

func orderClient(roots *x509.CertPool, proxy string) (*http.Client, error) {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: time.Minute, DisableKeepAlives: true}
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		t.Proxy = http.ProxyURL(u)
	}
	return &http.Client{Transport: t, Timeout: 2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

func getOrder(ctx context.Context, c *http.Client, from string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() // an answer already read
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusTooManyRequests:
		return nil, fmt.Errorf("the server answers %s", resp.Status) // it may be put there yet
	case resp.StatusCode != http.StatusOK:
		return nil, &orderRefused{resp.Status}
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxOrder+1))
	if err == nil && len(raw) > maxOrder {
		err = &orderRefused{"more than an order can be"}
	}
	return raw, err
}
