package documents

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// tracking are query parameters that say how a reader came to a page, not which page it
// is, beside those that begin with utm_.
var tracking = []string{
	"fbclid", "gclid", "dclid", "msclkid", "yclid", "twclid", "igshid", "mc_cid", "mc_eid", "_hsenc", "_hsmi",
}

// Canonical returns the form in which an absolute http or https URL names its document:
// host in lower-case ASCII, no default port, no fragment, no tracking parameters. Two
// canonical URLs may still name the same page; only the page can tell.
func Canonical(u *url.URL) string {
	c := *u
	c.Scheme = strings.ToLower(u.Scheme)
	c.Host = canonicalHost(c.Scheme, u)
	c.User, c.Fragment, c.RawFragment = nil, "", ""
	if c.Path == "" {
		c.Path = "/"
	}
	c.RawQuery, c.ForceQuery = withoutTracking(u.RawQuery), false
	return c.String()
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

func canonicalHost(scheme string, u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	// Not every host that answers is a proper domain name; those stay as they are.
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPorts[scheme] {
		host += ":" + port
	}
	return host
}

// withoutTracking keeps the other parameters as they are: their order and their
// encoding may matter to the server.
func withoutTracking(query string) string {
	parameters := slices.DeleteFunc(strings.Split(query, "&"), func(p string) bool {
		name, _, _ := strings.Cut(strings.ToLower(p), "=")
		return name == "" || strings.HasPrefix(name, "utm_") || slices.Contains(tracking, name)
	})
	return strings.Join(parameters, "&")
}
