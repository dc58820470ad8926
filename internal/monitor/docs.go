package monitor

import (
	"fmt"
	"net/http"
	"net/url"
)

type docData struct {
	document
	Canonical, Feed string // absolute addresses
}

func (h *Handler) listDocs(w http.ResponseWriter, _ *http.Request) {
	h.show(w, http.StatusOK, "docs", "Documentation", h.docs)
}

func (h *Handler) showDoc(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("page")
	d, ok := h.docs.find(name)
	if !ok {
		h.notFound(w, fmt.Sprintf("There is no page %q in the documentation. Its list is at /docs/.", name))
		return
	}
	h.show(w, http.StatusOK, "doc", d.Title, docData{
		document:  d,
		Canonical: absolute(r, docPath(name)),
		Feed:      absolute(r, feedPath),
	})
}

func docPath(name string) string { return "/docs/" + name }

// absolute returns the address of path as the client reached this server, which a
// proxy that ended its TLS tells in X-Forwarded-Proto. Whoever lies there misleads
// only the answer to their own request.
func absolute(r *http.Request, path string) string {
	u := url.URL{Scheme: "http", Host: r.Host, Path: path}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		u.Scheme = "https"
	}
	return u.String()
}
