package lldp

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// tlv writes one TLV.
func tlv(kind int, v string) string {
	h := kind<<9 | len(v)
	return string([]byte{byte(h >> 8), byte(h)}) + v
}

func frame(tlvs ...string) []byte {
	return []byte("\x01\x80\xc2\x00\x00\x0e\x02\x00\x00\x00\x00\x01\x88\xcc" + strings.Join(tlvs, ""))
}

var chassis, port, ttl = tlv(1, "\x04\x00\x1b\x21\x01\x02\x03"), tlv(2, "\x05Gi1/0/7"), tlv(3, "\x00\x78")

func TestParse(t *testing.T) {
	full := frame(chassis, port, ttl, tlv(4, "uplink of rack 7"), tlv(5, "tor7.example.net"),
		tlv(127, "\x00\x80\xc2\x01\x00\x2a"), tlv(127, "\x00\x12\x0f\x01x"), tlv(8, "x"), tlv(0, ""), "padding")
	want := Neighbour{Chassis: "00:1b:21:01:02:03", Port: "Gi1/0/7", PortText: "uplink of rack 7",
		System: "tor7.example.net", VLAN: 42}
	got, err := Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("neighbour (-want +got):\n%s", diff)
	}
	tagged := append(append(append([]byte{}, full[:12]...), 0x81, 0, 0, 5), full[12:]...)
	if got, err := Parse(tagged); err != nil || got != want {
		t.Errorf("tagged: %+v, %v", got, err)
	}
	for in, want := range map[string]string{
		"\x05\x01\xc0\x00\x02\x01":                      "192.0.2.1",
		"\x05\x02\x20\x01\x0d\xb8" + zeros(11) + "\x01": "2001:db8::1",
		"\x05\x09abc":      "09616263",
		"\x07rack 7":       "rack 7",
		"\x07a\x1b[2J":     "611b5b324a", // no escape sequence reaches a screen
		"\x07\xff\xfe":     "fffe",
		"\x04\x01\x02\x03": "010203",
	} {
		got, err := Parse(frame(tlv(1, in), port, ttl))
		if err != nil || got.Chassis != want {
			t.Errorf("%q: %q, %v; want %q", in, got.Chassis, err, want)
		}
	}
}

func zeros(n int) string { return strings.Repeat("\x00", n) }

func TestParseRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"short":          frame()[:13],
		"other protocol": []byte("\x01\x80\xc2\x00\x00\x0e\x02\x00\x00\x00\x00\x01\x08\x00" + chassis + port + ttl),
		"empty":          frame(),
		"no port":        frame(chassis, ttl),
		"wrong order":    frame(port, chassis, ttl),
		"cut TLV":        frame(chassis, port, ttl, tlv(5, "abc")[:4]),
		"short TTL":      frame(chassis, port, tlv(3, "x")),
		"end too early":  frame(chassis, port, tlv(0, "")),
		"no value":       frame(tlv(1, "\x04"), port, ttl),
		"long value":     frame(tlv(1, "\x07"+strings.Repeat("a", 300)), port, ttl),
	} {
		if n, err := Parse(b); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(frame(chassis, port, ttl, tlv(5, "tor7"), tlv(0, "")))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Parse(b)
		if err != nil {
			return
		}
		for _, s := range []string{n.Chassis, n.Port, n.PortText, n.System} {
			if len(s) > 255 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q", s)
			}
		}
	})
}
