package web

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// guard sees each address after DNS, so no name and no redirect gets around it.
var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azure))

// azure is where machines of Azure reach its platform, which gives them their secrets there. The
// address is a public one by its number.
var azure = netip.MustParsePrefix("168.63.129.16/32")

// maxIdle is how many connections wait for the next page of their hosts. A host has its next page
// asked for after a second and those of all the others: with fewer connections than hosts, each
// page would begin with another handshake.
const maxIdle = 256

// newTransport returns a transport that ignores proxies from the environment, leaves
// decompression to [readBody], and dials public addresses only unless told otherwise.
func newTransport(allowPrivate bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if !allowPrivate {
		dialer.Control = guard.Safe
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
	}
}
