package daemon

import "net/netip"

// sourceBits is how much of an IPv6 address tells one network from another. Whoever has one
// address of a /64 has all of them.
const sourceBits = 64

// Source is where a connection comes from, to be counted by: an IPv4 address, or the /64 that an
// IPv6 address is in.
func Source(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if !addr.Is6() {
		return addr
	}
	network, err := addr.Prefix(sourceBits)
	if err != nil {
		return addr // never: an IPv6 address has as many bits
	}
	return network.Addr()
}

// Remote returns the address of a peer, such as 192.0.2.1:1234. That of a peer that has none is
// the zero address.
func Remote(addr string) netip.Addr {
	peer, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr()
}
