package boottest_test

import (
	"testing"
	"time"

	"lethe/image/boottest"
)

// ntpServer is boottest.NTPServer for the time of a test; it returns its port.
func ntpServer(t *testing.T, ahead time.Duration) int {
	t.Helper()
	port, stop, err := boottest.NTPServer(ahead)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return port
}
