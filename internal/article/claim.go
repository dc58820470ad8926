package article

import (
	"net/url"

	"golang.org/x/net/publicsuffix"

	"switchyard/internal/documents"
	"switchyard/internal/web"
)

// claimed returns the canonical URL of the page at u, which claims to be canonically at
// claim. The claim holds only within the page's own site, or a hostile page could replace
// the document of another. A claim to be the site's front page holds for the front page
// alone: sites that put it on every page do so by mistake, and all would be one document.
func claimed(u *url.URL, claim string) string {
	own := documents.Canonical(u)
	if claim == "" {
		return own
	}
	target, err := u.Parse(claim)
	if err != nil {
		return own
	}
	said, ok := canonical(target)
	if !ok || !SameSite(own, said) || isFront(said) && !isFront(own) {
		return own
	}
	return said
}

// SameSite reports whether two canonical URLs belong to one owner: the same host and
// port, or hosts under one registrable domain (https://publicsuffix.org) and both at
// their default ports.
func SameSite(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	if errA != nil || errB != nil {
		return false
	}
	if u.Host == v.Host {
		return true
	}
	return u.Port() == "" && v.Port() == "" && registrable(u) != "" && registrable(u) == registrable(v)
}

// registrable returns the registrable domain of u, "" for an address or a name without one.
func registrable(u *url.URL) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(u.Hostname())
	if err != nil {
		return ""
	}
	return domain
}

func isFront(canonicalURL string) bool {
	u, err := url.Parse(canonicalURL)
	return err == nil && u.Path == "/" && u.RawQuery == ""
}

// canonical returns the canonical form of u and true, or false if u is no URL a page
// can have.
func canonical(u *url.URL) (string, bool) {
	parsed, err := web.ParseURL(u.String())
	if err != nil {
		return "", false
	}
	return documents.Canonical(parsed), true
}
