package monitor

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"switchyard/internal/daemon"
)

// client returns where a request comes from. A peer that is one of the proxies is believed what
// it adds to X-Forwarded-For, and so is each proxy before it: the client is the last address
// there that is none of them. What stands before that may be the client's own invention.
func (g gate) client(r *http.Request) netip.Addr {
	client := daemon.Remote(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !g.isProxy(client) {
			break
		}
		before, ok := readHop(hop)
		if !ok {
			break
		}
		client = before
	}
	return client
}

func (g gate) isProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

// readHop reads an address of X-Forwarded-For, to which some proxies add the port.
func readHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if addr, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return addr, true
	}
	addr := daemon.Remote(hop)
	return addr, addr.IsValid()
}
