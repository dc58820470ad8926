package monitor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	// readFeed is the last part of a feed's address.
	readFeed = "feed.atom"
	// inFeed is how many of the newest briefings a feed has.
	inFeed = 30
)

// An entry of an [atomFeed] with whole briefings.
type (
	readerEntry struct {
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Link      atomLink    `xml:"link"`
		Published string      `xml:"published"`
		Updated   string      `xml:"updated"`
		Content   atomContent `xml:"content"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		HTML string `xml:",chardata"`
	}
)

// feedID names a feed or an entry by what it is and not by where, so that programs know it again
// under a new secret.
func feedID(what, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("switchyard:"+what+":"+name)).URN()
}

func (h *Handler) readFeed(w http.ResponseWriter, r *http.Request) {
	l, ok := h.link(w, r, false)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	feed, err := h.newReaderFeed(ctx, r, l.User)
	if err != nil {
		h.readerUnavailable(w, err)
		return
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(feed); err != nil {
		h.readerUnavailable(w, err)
		return
	}
	sum := sha256.Sum256(out.Bytes())
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(out.Bytes()))
}

func (h *Handler) newReaderFeed(ctx context.Context, r *http.Request, user string) (atomFeed[readerEntry], error) {
	self := ReadPath(r.PathValue("secret"))
	f := atomFeed[readerEntry]{
		ID: feedID("feed", user), Title: "Your briefings", Author: "Switchyard", Updated: stamp(time.Unix(0, 0)),
		Links: []atomLink{
			{"self", "application/atom+xml", absolute(r, self+readFeed)},
			{"alternate", "text/html", absolute(r, self)},
		},
	}
	page, err := h.briefings.List(ctx, BriefingQuery{User: user, Limit: inFeed})
	if err != nil {
		return f, err
	}
	for _, one := range page.List {
		b, found, err := h.briefings.Show(ctx, one.ID)
		if err != nil {
			return f, err
		}
		if !found {
			continue
		}
		f.Entries = append(f.Entries, readerEntry{
			ID: feedID("briefing", b.ID), Title: b.Title, Link: atomLink{"alternate", "text/html", absolute(r, self+b.ID)},
			Published: stamp(b.Created), Updated: stamp(b.Created), Content: atomContent{"html", string(Sanitize(b.Body))},
		})
	}
	if len(f.Entries) > 0 {
		f.Updated = f.Entries[0].Updated
	}
	return f, nil
}
