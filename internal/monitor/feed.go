package monitor

import (
	"encoding/xml"
	"net/http"
	"time"

	"go.uber.org/zap"
)

const feedPath = "/docs/feed.atom"

// The Atom Syndication Format, https://www.rfc-editor.org/rfc/rfc4287.
type (
	atomFeed[Entry any] struct {
		XMLName xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string     `xml:"id"`
		Title   string     `xml:"title"`
		Updated string     `xml:"updated"`
		Author  string     `xml:"author>name"`
		Links   []atomLink `xml:"link"`
		Entries []Entry    `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID        string   `xml:"id"`
		Title     string   `xml:"title"`
		Link      atomLink `xml:"link"`
		Published string   `xml:"published"`
		Updated   string   `xml:"updated"`
		Summary   string   `xml:"summary"`
	}
)

func (h *Handler) feed(w http.ResponseWriter, r *http.Request) {
	out, err := xml.MarshalIndent(newFeed(r, h.docs), "", "  ")
	if err != nil {
		h.log.Error("feed not rendered", zap.Error(err))
		http.Error(w, "The feed cannot be shown; the monitor's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	_, _ = w.Write([]byte(xml.Header))
	_, _ = w.Write(out)
}

// newFeed lists docs with links to the host r was sent to.
func newFeed(r *http.Request, docs library) atomFeed[atomEntry] {
	f := atomFeed[atomEntry]{
		ID:     absolute(r, feedPath),
		Title:  "Switchyard documentation",
		Author: "Switchyard",
		Links: []atomLink{
			{"self", "application/atom+xml", absolute(r, feedPath)},
			{"alternate", "text/html", absolute(r, "/docs/")},
		},
	}
	var newest time.Time
	for _, d := range docs {
		page := absolute(r, docPath(d.Name))
		f.Entries = append(f.Entries, atomEntry{
			ID:        page,
			Title:     d.Title,
			Link:      atomLink{"alternate", "text/html", page},
			Published: stamp(d.Published),
			Updated:   stamp(d.Published),
			Summary:   d.Summary,
		})
		if d.Published.After(newest) {
			newest = d.Published
		}
	}
	f.Updated = stamp(newest)
	return f
}
