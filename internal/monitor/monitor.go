// Package monitor is the web side of Switchyard: it lets people in to the console, to asynqmon, to
// the HTTP API and to the documentation with its Atom feed, and has the pages of readers.
//
// It makes one [http.Handler] and leaves listening to its caller, who asks
// [CheckListen] first. With users configured every page but the two health checks
// needs basic authentication; readers may look and operators may change things.
// Without users it answers only requests addressed to this machine itself. Requests
// that change something are refused when another site's page sends them.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/api"
	"switchyard/internal/daemon"
)

// Options are what the monitor shows, and to whom.
type Options struct {
	// Client is the process's own. asynqmon shares it and nothing here closes it.
	Client redis.UniversalClient
	// Users may sign in. None: whoever is on this machine may do everything.
	Users []User
	// Proxies are in front of the monitor. They are believed where a request comes from.
	Proxies   []netip.Prefix
	Briefings BriefingReader
	// Readers have secret addresses in place of a sign-in; nil: there are none.
	Readers Readers
	// Console is what operators work with, at every address that is none of the others; nil: there is none.
	Console http.Handler
	// Audit is where changes by page are kept.
	Audit Auditor
	// Docs holds the pages shown under /docs/, as Markdown files.
	Docs fs.FS
	// Health, Ready and Metrics answer at /healthz, /readyz and /metrics; nil leaves
	// the address out. The first two need no credentials, so that probes have none.
	Health, Ready, Metrics http.Handler
	// Charts is the URL of the Prometheus that asynqmon draws its charts from; "": it has none.
	// asynqmon's pages name it, and whoever may read them may query it.
	Charts string
	// API answers under /v1/; nil leaves it out. Tokens name its callers; nil: only sign-ins do.
	API    *api.Handler
	Tokens Tokens
	// Origins are those whose pages may ask the API with a token.
	Origins []string
	// APIOnly leaves out the pages and asynqmon.
	APIOnly bool
	Log     *zap.Logger
}

// Tokens tell who has a token.
type Tokens interface {
	// Caller returns whom a token names. The error says why it names nobody, and nothing that is
	// secret.
	Caller(ctx context.Context, token string) (*api.Caller, error)
}

// Handler is the monitor. It owns no goroutines and nothing that needs closing.
type Handler struct {
	briefings BriefingReader
	readers   Readers
	docs      library
	links     []link
	log       *zap.Logger
	serve     http.Handler
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve.ServeHTTP(w, r) }

// New makes the monitor. The error names each user and each page that cannot be used
// and what is wrong with it.
func New(o Options) (*Handler, error) {
	if o.Client == nil || o.Briefings == nil || o.Docs == nil || o.Audit == nil || o.Log == nil {
		return nil, errors.New("monitor: Client, Briefings, Docs, Audit and Log are all needed")
	}
	accounts, err := readUsers(o.Users)
	if err != nil {
		return nil, err
	}
	h := &Handler{briefings: o.Briefings, readers: o.Readers, links: o.links(), log: o.Log}
	g := gate{proxies: o.Proxies, guesses: newSources(), refused: &daemon.Burst{}, log: o.Log}
	if len(accounts) > 0 {
		g.signIn = newSignIn(accounts)
	}
	if h.serve, err = h.routes(o, g); err != nil {
		return nil, fmt.Errorf("monitor: %w", err)
	}
	if g.signIn == nil {
		h.serve = onlyLoopbackHost(h.serve)
	}
	h.serve = secureHeaders(h.serve)
	return h, nil
}
