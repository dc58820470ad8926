package monitor

import (
	"errors"
	"net/http"

	"switchyard/internal/api"
)

// routes puts every address behind the gate but those of the health checks, and what says that there
// are no pages.
func (h *Handler) routes(o Options, g gate) (http.Handler, error) {
	outside := http.NewServeMux()
	if o.API != nil {
		across, err := o.API.AcrossOrigins(o.Origins, g.guardAPI(o.Tokens, o.API))
		if err != nil {
			return nil, err
		}
		outside.Handle("/v1/", across)
	}
	if o.Health != nil {
		outside.Handle("GET /healthz", o.Health)
	}
	if o.Ready != nil {
		outside.Handle("GET /readyz", o.Ready)
	}
	if o.Readers != nil {
		ofReaders := h.readerPages(g)
		outside.Handle(readPrefix, ofReaders)
		outside.Handle(leavePrefix, ofReaders)
		// Browsers ask for it beside any page. A reader is not to be asked to sign in for that.
		outside.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	}
	if o.APIOnly {
		return outside, noPages(outside, o, g)
	}
	inside, err := h.pages(o)
	if err != nil {
		return nil, err
	}
	outside.Handle("/", g.guard(http.NewCrossOriginProtection().Handler(inside)))
	return outside, nil
}

// noPages has the API, and what is for operators' programs, be all that there is.
func noPages(outside *http.ServeMux, o Options, g gate) error {
	if o.API == nil {
		return errors.New("there are no pages and no API: nothing is left to serve")
	}
	if o.Metrics != nil {
		outside.Handle("GET /metrics", g.guard(ofAll(o.Metrics)))
	}
	outside.HandleFunc("GET /{$}", api.Signpost)
	outside.HandleFunc("/", api.NotFound)
	return nil
}

// pages returns what browsers see.
func (h *Handler) pages(o Options) (http.Handler, error) {
	asynqmon, err := newAsynqmon(o.Client, o.Charts)
	if err != nil {
		return nil, err
	}
	if h.docs, err = openLibrary(o.Docs); err != nil {
		return nil, err
	}
	inside := http.NewServeMux()
	if o.Console != nil {
		inside.Handle("/", o.Console)
	}
	inside.HandleFunc("GET /style.css", style)
	inside.HandleFunc("GET /docs/{$}", h.listDocs)
	inside.HandleFunc("GET /docs/{page}", h.showDoc)
	inside.HandleFunc("GET /docs/feed.atom", h.feed)
	inside.Handle(asynqmonPath+"/", ofAll(audited(asynqmon, o.Audit, o.Log)))
	if o.Metrics != nil {
		inside.Handle("GET /metrics", ofAll(o.Metrics))
	}
	return inside, nil
}

// link is one place the documentation leads to.
type link struct{ Href, Name string }

func (o Options) links() []link {
	var links []link
	if o.Console != nil {
		links = append(links, link{"/", "Console"})
	}
	links = append(links, link{asynqmonPath + "/", "asynqmon"}, link{"/docs/", "Documentation"})
	if o.API != nil {
		links = append(links, link{"/v1/", "HTTP API"})
	}
	return links
}
