package documents

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// tracking are query parameters that say how a reader came to a page, not which page it
// is, as senders of mails, search engines and networks add them to links.
var tracking = []string{
	"fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "srsltid", "msclkid", "yclid", "ysclid", "_openstat",
	"twclid", "ttclid", "li_fat_id", "epik", "igshid", "igsh", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "vero_id", "vero_conv",
	"oly_enc_id", "oly_anon_id", "ml_subscriber", "ml_subscriber_hash", "wickedid", "rb_clickid", "s_cid", "cmpid", "ncid", "sc_campaign",
	"ref_src", "ref_url", "xtor", "spm", "guccounter", "guce_referrer", "guce_referrer_sig",
}

// trackingPrefixes are those that begin with the name of the tool that counts visitors.
var trackingPrefixes = []string{"utm_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_", "at_campaign", "at_medium", "at_custom"}

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
		return name == "" || slices.Contains(tracking, name) ||
			slices.ContainsFunc(trackingPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
	return strings.Join(parameters, "&")
}
