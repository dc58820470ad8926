package scraping

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchyard/internal/article"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// Bounds of what is followed on a site, so that none leads on forever: calendars, sessions in URLs,
// paths that grow.
const (
	maxLink      = 500 // bytes of a URL
	maxSegments  = 8   // of its path
	maxRepeated  = 2   // times that one segment may be in a path
	maxParams    = 3   // of its query
	maxVariants  = 3   // queries of one path, on one page
	maxLookedAt  = MaxLimit
	defaultDepth = 1
)

func (h Handlers) scrapeSite(ctx context.Context, t *tasks.Task, args SiteArgs) (any, error) {
	v, err := h.begin(ctx, t, args.URL, args.Source)
	if err != nil {
		return nil, err
	}
	limit, depth := cmp.Or(args.Limit, DefaultLimit), cmp.Or(args.Depth, defaultDepth)
	v.left = limit
	if depth > 1 { // what it links to changes although it does not
		v.known.Validators, v.known.Fresh = web.Validators{}, time.Time{}
	}
	v.next = func(p Part, left int, c *Course) tasks.Args {
		return SiteArgs{URL: p.URL, Source: args.Source, Limit: left, Depth: p.Depth, Course: c}
	}
	v.read = func(ctx context.Context, page *web.Page) (FeedResult, error) {
		return v.readLinks(ctx, page, limit, depth)
	}
	if args.Course != nil {
		v.course, v.request.URL = *args.Course, args.URL
		return v.goesOn(ctx)
	}
	return v.begins(ctx)
}

// readLinks sends the new ones of the pages that a page links to, at most limit, and notes those whose
// links are followed.
func (v *visit) readLinks(ctx context.Context, page *web.Page, limit, depth int) (result FeedResult, err error) {
	if !article.IsHTML(page) {
		return result, tasks.Permanent(fmt.Errorf("scrape site %s: content type %q is no page with links", web.Redact(page.URL), page.ContentType))
	}
	begin := canonical(v.course.URL) // all pages of a site link to its front page
	links := slices.DeleteFunc(followed(page), func(link string) bool { return link == begin })
	result.Feed = page.URL
	all := len(links)
	for len(links) > 0 && result.Enqueued < limit {
		some := links[:min(len(links), limit-result.Enqueued)]
		links = links[len(some):]
		listed := make([]PageArgs, len(some))
		for i, link := range some {
			listed[i] = PageArgs{URL: link, Source: v.source}
			if depth > 1 {
				v.course.add(Part{URL: link, Depth: depth - 1})
			}
		}
		enqueued, err := v.enqueueDue(ctx, v.source, listed)
		result.Enqueued, result.Tasks = result.Enqueued+len(enqueued), append(result.Tasks, enqueued...)
		if err != nil {
			return result, err
		}
	}
	result.Found = all - len(links)
	result.Known = result.Found - result.Enqueued
	v.left = limit - result.Enqueued
	return result, nil
}

// followed returns the links of a page that are followed, in reading order.
func followed(page *web.Page) []string {
	var links []string
	variants := make(map[string]int)
	for _, link := range article.Links(page) {
		u, err := url.Parse(link)
		if err != nil || isTrap(u) {
			continue
		}
		if u.RawQuery != "" {
			if variants[u.Path]++; variants[u.Path] > maxVariants {
				continue
			}
		}
		if links = append(links, link); len(links) == maxLookedAt {
			break
		}
	}
	return links
}

// sessions are the names that parameters with the ID of a session have.
var sessions = []string{"sid", "phpsessid", "jsessionid", "sessionid", "session_id", "aspsessionid", "cfid", "cftoken"}

// isTrap reports whether a link is of a sort of which a site may have any number for one page.
func isTrap(u *url.URL) bool {
	if len(u.String()) > maxLink || strings.Contains(strings.ToLower(u.Path), ";jsessionid") {
		return true
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) > maxSegments {
		return true
	}
	times := make(map[string]int)
	for _, s := range segments {
		if times[s]++; times[s] > maxRepeated {
			return true
		}
	}
	query := u.Query()
	if len(query) > maxParams {
		return true
	}
	for name := range query {
		for _, session := range sessions {
			if strings.EqualFold(name, session) {
				return true
			}
		}
	}
	return false
}
