// Package hosts shares out, among all workers, the turns to ask a host for pages.
//
// A [Policy] says what counts as one host and how fast it may be asked. [Turns] keeps in Redis who
// asks it now, who is next and when. Whoever has to wait is told for how long, and holds nothing
// meanwhile.
package hosts

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// By says what counts as one host.
type By string

// What can.
const (
	ByHost   By = "host"   // each name for itself
	ByDomain By = "domain" // all names under a registrable domain, such as example.co.uk
)

// Rule says how fast a host may be asked.
type Rule struct {
	Spacing     time.Duration // between the beginnings of two turns; 0: none
	Concurrency int           // turns at a time, at least 1
	By          By
}

// Policy says how fast each host may be asked.
type Policy struct {
	Rule
	Hosts map[string]Rule // by their names, of hosts or of registrable domains; the one for a host counts first
}

// Host is what takes turns.
type Host struct {
	Name        string // such as example.com; 127.0.0.1:8080 within a private network
	Spacing     time.Duration
	Concurrency int
}

// Of returns the host that a URL is asked of.
func (p Policy) Of(u *url.URL) Host {
	name := nameOf(u)
	domain := domainOf(name)
	rule, found := p.Hosts[name]
	if !found {
		if rule, found = p.Hosts[domain]; !found {
			rule = p.Rule
		}
	}
	if rule.By == ByDomain {
		name = domain
	}
	return Host{Name: name, Spacing: rule.Spacing, Concurrency: max(1, rule.Concurrency)}
}

// Name returns the name under which a host has its turns, as it may be written by people.
func Name(host string) string {
	return nameOf(&url.URL{Scheme: "http", Host: host})
}

// nameOf returns the name of a URL's host: in small letters, in ASCII. Within a private network each
// port is another service, and has turns of its own.
func nameOf(u *url.URL) string {
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr = addr.Unmap(); addr.IsGlobalUnicast() && !addr.IsPrivate() {
			return addr.String()
		}
		return net.JoinHostPort(addr.String(), portOf(u))
	}
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		name = ascii
	}
	if !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") {
		return net.JoinHostPort(name, portOf(u))
	}
	return name
}

func portOf(u *url.URL) string {
	if u.Scheme == "https" {
		return cmp.Or(u.Port(), "443")
	}
	return cmp.Or(u.Port(), "80")
}

// domainOf returns the registrable domain of a name, or the name if it has none.
func domainOf(name string) string {
	if _, err := netip.ParseAddr(name); err == nil || strings.Contains(name, ":") {
		return name
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return domain
	}
	return name
}
