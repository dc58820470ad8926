package agents

import (
	"net/url"
	"strings"
)

// hiddenError is an error whose text leaves something out.
type hiddenError struct {
	error
	text string
}

func (e hiddenError) Error() string { return e.text }
func (e hiddenError) Unwrap() error { return e.error }

// hide leaves out of an error's text what may be a secret in the server's URL: its query and
// its user.
func (h *host) hide(err error) error {
	address, wrong := url.Parse(h.server.URL)
	if err == nil || wrong != nil {
		return err
	}
	text := err.Error()
	for _, secret := range []string{address.RawQuery, address.User.String()} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(hidden)")
		}
	}
	return hiddenError{err, text}
}
