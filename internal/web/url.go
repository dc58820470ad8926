package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// MaxURL is the longest URL accepted, in bytes. RFC 9110, section 4.1, asks for at
// least 8000.
const MaxURL = 8000

// ParseURL reads an absolute http or https URL. The error says what is wrong and
// never repeats a password.
func ParseURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("URL is empty: give one such as https://example.com/news")
	}
	if len(raw) > MaxURL {
		return nil, fmt.Errorf("URL has %d bytes: at most %d are allowed", len(raw), MaxURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		var parse *url.Error
		if !errors.As(err, &parse) || strings.Contains(raw, "@") {
			return nil, errors.New("URL is not valid: percent-encode special characters and leave out user names and passwords")
		}
		return nil, fmt.Errorf("URL is not valid: %w", parse.Err) // the outer error repeats the URL
	}
	return u, checkURL(u)
}

// IsURL reports whether an operator's setting is an absolute http or https URL. It is less
// strict than [ParseURL]: a server of one's own may be asked with a user name.
func IsURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("URL %s has the scheme %q: use http or https", display(u), u.Scheme)
	case u.Hostname() == "":
		return fmt.Errorf("URL %s names no host: give one such as https://example.com/news", display(u))
	case u.User != nil:
		return fmt.Errorf("URL %s carries a user name or password: remove it", display(u))
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("URL %s has the port %s: use 1 to 65535", display(u), port)
		}
	}
	return nil
}

// Redact returns a URL as logs may show it: without credentials, and without the values
// of its query, where feeds often carry a token.
func Redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "(unreadable URL)"
	}
	return display(u)
}

func display(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		shown.RawQuery = "…"
	}
	return shown.String()
}

// checkRedirect follows at most limit redirects, each to a URL that would do as a
// first one. There are no cookies, so coming back to a URL means going in circles.
func checkRedirect(limit int) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		if err := checkURL(next.URL); err != nil {
			return fmt.Errorf("%w: %w", errRedirect, err)
		}
		for _, earlier := range via {
			if earlier.URL.String() == next.URL.String() {
				return fmt.Errorf("%w: redirect loop back to %s", errRedirect, display(next.URL))
			}
		}
		if len(via) > limit {
			return fmt.Errorf("%w: more than %d redirects, the last to %s", errRedirect, limit, display(next.URL))
		}
		return nil
	}
}
