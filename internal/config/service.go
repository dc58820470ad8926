package config

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// services are the forms of the variables by which Kubernetes tells every container of each
// service in its namespace, and so of those that are called switchyard or switchyard-monitor:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
var services = []struct {
	name *regexp.Regexp
	is   func(value string) bool
}{
	{ofService("SERVICE_HOST|PORT_[0-9]+_(TCP|UDP|SCTP)_ADDR"), isAddress},
	{ofService("SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)_PORT"), isPort},
	{ofService("PORT(_[0-9]+_(TCP|UDP|SCTP))?"), isEndpoint},
	{ofService("PORT_[0-9]+_(TCP|UDP|SCTP)_PROTO"), isProtocol},
}

func ofService(form string) *regexp.Regexp {
	return regexp.MustCompile("^SWITCHYARD(_[A-Z0-9_]+)?_(" + form + ")$")
}

// isOfService reports whether a variable is one of those, by its name and its value.
func isOfService(name, value string) bool {
	for _, s := range services {
		if s.name.MatchString(name) && s.is(value) {
			return true
		}
	}
	return false
}

func isAddress(value string) bool {
	_, err := netip.ParseAddr(value)
	return err == nil
}

func isPort(value string) bool {
	n, err := strconv.ParseUint(value, 10, 16)
	return err == nil && n > 0
}

// isEndpoint reports whether a value is such as tcp://10.0.0.1:80.
func isEndpoint(value string) bool {
	u, err := url.Parse(value)
	return err == nil && isProtocol(u.Scheme) && isAddress(u.Hostname()) && isPort(u.Port())
}

func isProtocol(value string) bool { return slices.Contains([]string{"tcp", "udp", "sctp"}, value) }
