package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const (
	// askedHeaders are those that a page of another origin may send.
	askedHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, traceparent, tracestate"
	// toldHeaders are those that it may read.
	toldHeaders = "Deprecation, ETag, Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, Sunset, WWW-Authenticate, X-Request-Id"
	// permittedFor is for how many seconds a browser does not ask again whether it may; more than two
	// hours are no more to most.
	permittedFor = "7200"
)

// AcrossOrigins lets pages of the given origins ask, with a token alone: what a browser sends by itself,
// such as the name and password of a sign-in, is nobody's there. guarded is the API behind whatever
// finds out who asks. Browsers that only ask whether they may are answered before it.
func (h *Handler) AcrossOrigins(origins []string, guarded http.Handler) (http.Handler, error) {
	protection := http.NewCrossOriginProtection()
	for _, origin := range origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("origin %.100q: %w", origin, err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(refuseOrigin))
	protected := protection.Handler(guarded)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		known := slices.Contains(origins, origin)
		if known {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", toldHeaders)
		}
		switch {
		case r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "":
			h.preflight(w, r, known)
		case known && isCross(r) && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
			Unauthenticated(w, "a page of another origin asks with a token alone: send it as Authorization: Bearer")
		default:
			protected.ServeHTTP(w, r)
		}
	}), nil
}

// preflight answers a browser that asks whether a page may make a request.
func (h *Handler) preflight(w http.ResponseWriter, r *http.Request, known bool) {
	methods := h.methods(r)
	switch method := r.Header.Get("Access-Control-Request-Method"); {
	case !known:
		refuseOrigin(w, r)
	case len(methods) == 0:
		writeProblem(w, nothingAt(r))
	case !slices.Contains(methods, method):
		writeProblem(w, noSuchMethod(method, strings.Join(methods, ", ")))
	default:
		header := w.Header()
		header.Add("Vary", "Access-Control-Request-Method")
		header.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
		header.Set("Access-Control-Allow-Headers", askedHeaders)
		header.Set("Access-Control-Max-Age", permittedFor)
		header.Set(requestID, uuid.NewString())
		w.WriteHeader(http.StatusNoContent)
	}
}

// methods returns the methods that the address of a request knows.
func (h *Handler) methods(r *http.Request) []string {
	var methods []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if _, pattern := h.mux.Handler(&http.Request{Method: method, Host: r.Host, URL: r.URL}); pattern != "" {
			methods = append(methods, method)
		}
	}
	return methods
}

// isCross reports whether a request that has an origin is that of another site's page.
func isCross(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
		u, err := url.Parse(r.Header.Get("Origin"))
		return err != nil || u.Host != r.Host
	}
	return true
}

func refuseOrigin(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, problem("foreign-page", fmt.Sprintf("the origin %.100q is not among monitor.origins: add it there if its pages may ask with a token", r.Header.Get("Origin"))))
}
