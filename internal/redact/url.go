package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// inText are the URLs in a text, as far as they go. A quote that is escaped ends one.
var inText = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^\s"'<>\\]|\\[^\s"'nrt])+`)

// URLs returns a text whose URLs are as [URL] shows them.
func URLs(text string) string { return inText.ReplaceAllStringFunc(text, URL) }

// URL returns a URL as people may see it: without its user and password, the values of its query,
// and its fragment, however short they are. Of one that cannot be parsed it hides what may be
// these. The host and the path stay.
func URL(raw string) string { return shown(raw, func(string) bool { return true }) }

// shown returns a URL without its user and password, its fragment, and the values of the parameters
// of its query whose names are secret; "" is that of one without a name.
func shown(raw string, secret func(name string) bool) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		return raw
	}
	if _, host := Split(raw); len(host) < len(rest) {
		rest = Hidden + "@" + host
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, asks := strings.Cut(rest, "?")
	text := scheme + "://" + rest
	if asks {
		text += "?" + parameter.ReplaceAllStringFunc(query, func(one string) string {
			name, value, named := strings.Cut(one, "=")
			switch {
			case !named && secret(""):
				return Hidden
			case named && value != "" && secret(name):
				return name + "=" + Hidden
			}
			return one
		})
	}
	if fragment == "" {
		return text
	}
	return text + "#" + Hidden
}

// parameter is a parameter of a query.
var parameter = regexp.MustCompile(`[^&;]+`)

// Split returns the user of a URL, with the password, as it is written, and all that follows. A
// password with a character that would have to be escaped is found all the same, unless what
// precedes that character is a host: the path of an http URL may have an @, and that of a Redis
// URL has none.
func Split(raw string) (user, rest string) {
	scheme, rest, _ := strings.Cut(raw, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	at := strings.LastIndexByte(rest, '@')
	if _, err := url.Parse("x://" + authority); err == nil && !strings.HasPrefix(scheme, "redis") {
		at = strings.LastIndexByte(authority, '@')
	}
	if at < 0 {
		return "", rest
	}
	return rest[:at], rest[at+1:]
}
