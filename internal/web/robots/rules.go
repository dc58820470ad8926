// Package robots reads and obeys robots.txt, as RFC 9309 has it.
//
// [Parse] and [Rules] are pure. A [Keeper] fetches the files and keeps what they say to us in Redis,
// for all workers.
package robots

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Rules are what a robots.txt says to one crawler. The zero value allows everything.
type Rules struct {
	Rules []Rule `json:"rules,omitempty"`
	// Delay is what the site wants between two requests, at most [MaxDelay]; 0 if it does not say.
	Delay time.Duration `json:"delay,omitempty"`
}

// Rule allows or disallows the paths that match.
type Rule struct {
	Allow bool   `json:"allow,omitempty"`
	Path  string `json:"path"` // escaped, with * for anything and $ for the end
}

// Token returns the name by which a robots.txt speaks to a user agent, such as Switchyard for
// "Switchyard/1.0 (background worker)".
func Token(userAgent string) string {
	end := strings.IndexFunc(userAgent, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
	})
	if end < 0 {
		return userAgent
	}
	return userAgent[:end]
}

// Path returns what rules are compared with of a URL: its path and query, escaped.
func Path(u *url.URL) string { return escape(u.RequestURI()) }

// Allows reports whether a path, as [Path] returns it, may be fetched. The longest rule that matches
// it decides, and of two as long the one that allows.
func (r Rules) Allows(path string) bool {
	longest, allow := 0, true
	for _, rule := range r.Rules {
		n := len(rule.Path)
		if (n > longest || n == longest && rule.Allow) && n > 0 && matches(rule.Path, path) {
			longest, allow = n, rule.Allow
		}
	}
	return allow
}

// matches reports whether a pattern matches the beginning of a path, or all of it with a $ at the
// end. Each part between stars is looked for once: the first place is as good as any later one.
func matches(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	first, rest, more := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, first) {
		return false
	}
	path = path[len(first):]
	if !more {
		return !whole || path == ""
	}
	for {
		var part string
		part, rest, more = strings.Cut(rest, "*")
		if !more && whole {
			return strings.HasSuffix(path, part)
		}
		at := strings.Index(path, part)
		if at < 0 {
			return false
		}
		path = path[at+len(part):]
		if !more {
			return true
		}
	}
}

// escape percent-encodes what is not ASCII, and writes what is percent-encoded in capitals.
func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0x80:
			fmt.Fprintf(&b, "%%%02X", c)
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			b.WriteString(strings.ToUpper(text[i : i+3]))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return cmp.Or(b.String(), "/")
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
