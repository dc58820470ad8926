package web

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"switchyard/internal/redact"
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
		return nil, fmt.Errorf("URL is not valid: %w: percent-encode special characters", parse.Err) // the outer error repeats the URL
	}
	return u, checkURL(u)
}

// CheckService reports what keeps an operator's setting from being the http or https URL of a
// service. It is less strict than [ParseURL]: a server of one's own may be asked with a user name.
// The error does not repeat secrets.
func CheckService(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q: give an http or https URL, such as https://example.com/v1", redact.URL(raw))
	case u.Hostname() == "":
		return fmt.Errorf("%q names no host: give one, such as https://example.com/v1", redact.URL(raw))
	case !isPort(u.Port()):
		return fmt.Errorf("%q has the port %s: use 1 to 65535", redact.URL(raw), u.Port())
	}
	return nil
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("URL %s has the scheme %q: use http or https", display(u), u.Scheme)
	case u.Hostname() == "":
		return fmt.Errorf("URL %s names no host: give one such as https://example.com/news", display(u))
	case u.User != nil:
		return fmt.Errorf("URL %s carries a user name or password: remove it", display(u))
	case !isPort(u.Port()):
		return fmt.Errorf("URL %s has the port %s: use 1 to 65535", display(u), u.Port())
	}
	return nil
}

// isPort reports whether a URL may have a port, "" if it names none.
func isPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
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
