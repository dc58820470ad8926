package webhooks

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"switchyard/internal/web"
)

// errNoSecret is why nobody is told.
var errNoSecret = errors.New("webhooks.secret is not set, and what is not signed is not posted: set it to whsec_ and base64, for workers and the monitor")

// Targets say where notices may go.
type Targets struct {
	// Hosts are the only ones; none: all that are public.
	Hosts []string
}

// Check reports why an address may not be told.
func (t Targets) Check(address string) error {
	u, err := web.ParseURL(address)
	if err != nil {
		return err
	}
	return t.checkHost(u)
}

func (t Targets) checkHost(u *url.URL) error {
	is := func(host string) bool { return strings.EqualFold(host, u.Hostname()) }
	if len(t.Hosts) == 0 || slices.ContainsFunc(t.Hosts, is) {
		return nil
	}
	return fmt.Errorf("the host %.100q is not among webhooks.allow: use one of %s, or have it added", u.Hostname(), strings.Join(t.Hosts, ", "))
}

// Offer is what whoever takes tasks knows of notices.
type Offer struct {
	Targets
	// Signed says that there is a secret.
	Signed bool
}

// Check reports why an address could not be told.
func (o Offer) Check(address string) error {
	if !o.Signed {
		return errNoSecret
	}
	return o.Targets.Check(address)
}
