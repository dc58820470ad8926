package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// checkOrigins reports origins that no browser sends.
func (m Monitor) checkOrigins() error {
	var errs []error
	for _, text := range m.Origins {
		if err := checkOrigin(text); err != nil {
			errs = append(errs, fmt.Errorf("monitor.origins: %.100q %w", text, err))
		}
	}
	return errors.Join(errs...)
}

// checkOrigin reports why a text is not exactly what a browser says of a page: scheme, host and port.
func checkOrigin(text string) error {
	if strings.Contains(text, "*") {
		return errors.New("would let pages in that nobody has named, with any token they come by: name each origin, such as https://app.example")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return errors.New("is no origin: use http or https, a host in ASCII and perhaps a port, such as https://app.example")
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	if exact := u.Scheme + "://" + host; text != exact {
		return fmt.Errorf("is not as browsers write it: use %s", exact)
	}
	return nil
}
