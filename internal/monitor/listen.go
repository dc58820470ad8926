package monitor

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// CheckListen reports why the monitor may not listen on addr (host:port) with these
// users: without users it is open to whoever reaches it, and so only loopback will do.
func CheckListen(addr string, users []User) error {
	if len(users) > 0 {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("monitor address %q: write host:port, such as 127.0.0.1:8080", addr)
	}
	if !isLoopback(host) {
		return fmt.Errorf("monitor address %q can be reached from other machines and no users are configured: configure monitor users, or listen on 127.0.0.1", addr)
	}
	return nil
}

// isLoopback reports whether host is localhost or a loopback address, without asking
// a resolver: what it says now may not be what it says next.
func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// onlyLoopbackHost refuses requests sent to a name that is not this machine's own. A
// web page elsewhere can have its name point to 127.0.0.1 and read what listens there
// without a password (DNS rebinding); it cannot change the Host its requests carry.
func onlyLoopbackHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(hostOf(r.Host)) {
			http.Error(w, "Without users configured the monitor answers only to localhost and loopback addresses. Open it as http://localhost, or configure monitor users.",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostOf returns the host of a Host header, without port and brackets.
func hostOf(header string) string {
	if host, _, err := net.SplitHostPort(header); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(header, "["), "]")
}
