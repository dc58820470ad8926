package scraping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"switchyard/internal/article"
	"switchyard/internal/pages"
	"switchyard/internal/sitemaps"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// maxChildren bounds how many sitemaps of an index one visit reads, the newest ones.
const maxChildren = 10

func (h Handlers) scrapeSitemap(ctx context.Context, t *tasks.Task, args SitemapArgs) (any, error) {
	v, err := h.begin(ctx, t, args.URL, args.Source)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(args.Limit, DefaultLimit)
	v.left = limit
	v.next = func(p Part, left int, c *Course) tasks.Args {
		return SitemapArgs{URL: p.URL, Source: args.Source, Limit: left, Course: c}
	}
	v.read = func(ctx context.Context, page *web.Page) (FeedResult, error) { return v.readSitemap(ctx, page, limit) }
	if args.Course != nil {
		v.course, v.request.URL = *args.Course, args.URL
		return v.goesOn(ctx)
	}
	if file, ok := robotsFile(args.URL); ok {
		v.request.URL = file
		v.settle = func(page *web.Page, err error) (*web.Page, error) { return settleRobots(ctx, file, h.Now(), page, err) }
		v.read = func(_ context.Context, page *web.Page) (FeedResult, error) { return v.readRobots(page) }
	}
	return v.begins(ctx)
}

// readSitemap sends the newest pages of a sitemap, and notes the newest sitemaps of an index.
func (v *visit) readSitemap(ctx context.Context, page *web.Page, limit int) (FeedResult, error) {
	sitemap, err := sitemaps.Read(page.Body, page.ContentType, page.URL)
	if err != nil {
		return FeedResult{}, tasks.Permanent(fmt.Errorf("scrape sitemap %s: %w", web.Redact(page.URL), err))
	}
	listed, unusable := pagesOf(sitemap, page.URL, limit, v.source)
	v.addChildren(sitemap.Sitemaps, page.URL)
	enqueued, err := v.enqueueDue(ctx, v.source, listed)
	v.left = limit - len(listed)
	return FeedResult{
		Feed: page.URL, Found: len(listed), Enqueued: len(enqueued), Known: len(listed) - len(enqueued), Unusable: unusable, Tasks: enqueued,
	}, err
}

// addChildren notes the newest sitemaps of an index, those of the same site.
func (v *visit) addChildren(listed []sitemaps.Page, address string) {
	newestFirst(listed)
	for _, child := range listed {
		if len(v.course.Parts) < maxChildren && len(child.URL) <= maxLink && article.SameSite(address, child.URL) {
			v.course.add(Part{URL: child.URL})
		}
	}
}

// pagesOf returns the newest pages of a sitemap, at most limit, and how many entries are of no use. A
// sitemap says nothing of the pages of other sites.
func pagesOf(s *sitemaps.Sitemap, address string, limit int, source string) (listed []PageArgs, unusable int) {
	newestFirst(s.Pages)
	unusable = s.Unusable
	seen := make(map[string]bool)
	for _, p := range s.Pages {
		link, ok := canonicalLink(p.URL)
		switch {
		case !ok || !article.SameSite(address, link):
			unusable++
		case !seen[link] && len(listed) < limit:
			seen[link] = true
			listed = append(listed, PageArgs{URL: link, Source: source, Feed: sitemapHint(p)})
		}
	}
	return listed, unusable
}

func sitemapHint(p sitemaps.Page) *FeedHint {
	h := FeedHint{Title: p.Title, Published: p.Published, Updated: p.Modified}
	if h == (FeedHint{}) {
		return nil
	}
	return &h
}

// newestFirst sorts entries by when they changed. Those that do not say so come last, as they are.
func newestFirst(entries []sitemaps.Page) {
	changed := func(p sitemaps.Page) time.Time {
		if p.Published.After(p.Modified) {
			return p.Published
		}
		return p.Modified
	}
	slices.SortStableFunc(entries, func(a, b sitemaps.Page) int { return changed(b).Compare(changed(a)) })
}

// robotsFile returns the robots.txt of a site, and false if raw is neither that nor the front page.
func robotsFile(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" && u.Path != "/robots.txt" {
		return "", false
	}
	return u.ResolveReference(&url.URL{Path: "/robots.txt"}).String(), true
}

// settleRobots has a robots.txt that is not to be had be an empty one.
func settleRobots(ctx context.Context, file string, now time.Time, page *web.Page, err error) (*web.Page, error) {
	if fault, its := faultOf(ctx, err); err != nil && its && fault.reason != pages.Unavailable {
		return &web.Page{URL: file, FetchedAt: now}, nil
	}
	return page, err
}

// readRobots notes the sitemaps that a robots.txt names, else the one that sites have.
func (v *visit) readRobots(page *web.Page) (FeedResult, error) {
	base, err := url.Parse(page.URL)
	if err != nil {
		return FeedResult{}, tasks.Permanent(errors.New("scrape sitemap: robots.txt has no URL"))
	}
	var named []sitemaps.Page
	for line := range strings.Lines(string(page.Body[:min(len(page.Body), maxRobots)])) {
		key, value, _ := strings.Cut(line, ":")
		value, _, _ = strings.Cut(value, "#")
		if u, err := base.Parse(strings.TrimSpace(value)); err == nil && strings.EqualFold(strings.TrimSpace(strings.TrimPrefix(key, "\ufeff")), "sitemap") {
			named = append(named, sitemaps.Page{URL: u.String()})
		}
	}
	v.addChildren(named, page.URL)
	if len(v.course.Parts) == 0 {
		v.course.add(Part{URL: base.ResolveReference(&url.URL{Path: "/sitemap.xml"}).String()})
	}
	return FeedResult{Feed: page.URL}, nil
}

// maxRobots bounds what is read of a robots.txt, in bytes: RFC 9309 asks for no more.
const maxRobots = 500 << 10
