module lethe

go 1.26.0

require (
	filippo.io/age v1.3.2 // encrypts the copies of papers that go over TFTP
	github.com/beevik/ntp v1.6.0 // time servers, with the offset and the root distance
	github.com/go-pdf/fpdf v0.9.0 // draws the page; chosen by our user; certs/pdf only
	github.com/google/go-cmp v0.7.0 // tests: differences people can read
	github.com/insomniacslk/dhcp v0.0.0-20260901064844-234b97448fae // DHCPv4 in the boot image
	github.com/jaypipes/ghw v0.27.0 // lists drives; chosen by our user; inventory/ghw.go only
	github.com/klauspost/compress v1.20.3 // zstd for the initramfs, at build time
	github.com/rogpeppe/go-internal v1.16.0 // tests: testscript for the commands
	github.com/sirupsen/logrus v1.10.2 // engineers' log; chosen by our user; cmd only
	github.com/smallstep/pkcs7 v0.2.3 // tests: a foreign reader of our CMS
	github.com/vishvananda/netlink v1.3.1 // addresses and routes in the boot image
	golang.org/x/image v0.47.0 // the Go fonts, embedded in the certificates
	golang.org/x/net v0.59.0 // the depot bounds its connections (netutil)
	golang.org/x/sys v0.49.0 // ioctls
	golang.org/x/term v0.47.0 // is it a terminal, and how wide
	gopkg.in/yaml.v3 v3.0.1 // the site file as people write it, at build time
	rsc.io/qr v0.2.0 // the QR code's bits
)

require (
	filippo.io/hpke v0.4.0 // indirect
	github.com/go-ole/go-ole v1.2.6 // indirect
	github.com/jaypipes/pcidb v1.1.1 // indirect
	github.com/josharian/native v1.1.0 // indirect
	github.com/mdlayher/packet v1.1.2 // indirect
	github.com/mdlayher/socket v0.4.1 // indirect
	github.com/pierrec/lz4/v4 v4.1.14 // indirect
	github.com/u-root/uio v0.0.0-20230220225925-ffce2a382923 // indirect
	github.com/vishvananda/netns v0.0.5 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	howett.net/plist v1.0.2-0.20250314012144-ee69052608d9 // indirect
)

ignore (
	./bin
	./out
)
