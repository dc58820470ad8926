package scraping

import (
	"context"
	"time"

	"switchyard/internal/pages"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

const (
	// rereadAfter is after how long a source is read although it has not changed: the pages that it
	// lists are forgotten if they are not met for long.
	rereadAfter = 7 * 24 * time.Hour
	// soonAgain is how many failures in a row have a source visited before its schedule says.
	soonAgain = 2
)

// visit is what one task does at a source.
type visit struct {
	Handlers

	task    *tasks.Task
	source  string // its name, "" for one that nobody keeps books on
	course  Course
	known   pages.Page // of a visit that begins
	request web.Request
	// settle says what is read after a fetch; nil: the page that it brought.
	settle func(*web.Page, error) (*web.Page, error)
	// read takes in what a page lists.
	read func(context.Context, *web.Page) (FeedResult, error)
	// next returns the args of the task that reads a part, with what is left of the limit; nil: there
	// are none.
	next func(part Part, left int, course *Course) tasks.Args
	left int // of the limit
}

// begin returns the visit to url that a task makes.
func (h Handlers) begin(ctx context.Context, t *tasks.Task, url, source string) (*visit, error) {
	known, err := h.Pages.Get(ctx, visitKey(t.Kind, source, url))
	if err != nil {
		return nil, err
	}
	return &visit{Handlers: h, task: t, source: source, course: Course{URL: url}, known: known, request: web.Request{URL: known.Address(url)}}, nil
}

// visitKey returns the URL under which it is known what tasks of a kind have visited for a source. It
// is not that of a page: a page may be its own source.
func visitKey(kind, source, url string) string { return kind + ":" + source + ":" + canonical(url) }

// begins fetches the source and reads it, unless it is as it was.
func (v *visit) begins(ctx context.Context) (any, error) {
	now := v.Now()
	if v.source != "" && v.known.State == pages.Seen && now.Sub(v.known.Visited) < rereadAfter {
		if now.Before(v.known.Fresh) {
			return FeedResult{Unchanged: true}, v.visited(ctx, FeedResult{Unchanged: true})
		}
		v.request.Known = v.known.Validators
	}
	page, err := v.Fetcher.Fetch(ctx, v.task.ID, v.request)
	if v.settle != nil {
		page, err = v.settle(page, err)
	}
	var result FeedResult
	switch {
	case err != nil:
	case page.NotModified:
		result.Unchanged = true
		v.known.Renew(page)
	default:
		if result, err = v.takeIn(ctx, page); err == nil {
			v.known.Read("", page) // only now that all it lists is taken in
		}
	}
	if err != nil {
		return v.failed(ctx, err)
	}
	if result.Continued {
		// The parts change although what names them does not.
		v.known.Validators, v.known.Fresh = web.Validators{}, time.Time{}
	}
	if err := v.Pages.Put(ctx, v.known); err != nil {
		return nil, err
	}
	return result, v.visited(ctx, result)
}

// takeIn reads a page, and has the next part of the visit read.
func (v *visit) takeIn(ctx context.Context, page *web.Page) (FeedResult, error) {
	result, err := v.read(ctx, page)
	if err != nil {
		return FeedResult{}, err
	}
	err = v.proceed(ctx, &result)
	return result, err
}

// visited notes a visit, if the source has a name.
func (v *visit) visited(ctx context.Context, r FeedResult) error {
	if v.source == "" {
		return nil
	}
	found, sent := v.course.Found+r.Found, v.course.New+r.Enqueued+r.Stored
	if v.course.Step > 0 && (found > 0 || r.Continued) {
		r.Error = "" // a part that cannot be read is not the whole
	}
	return v.Sources.Visited(ctx, v.source, sources.Visit{
		At: v.Now().UTC().Truncate(time.Second), URL: v.course.URL, Feed: r.Feed, Title: r.title, Moved: v.known.Moved,
		Found: found, New: sent, Unchanged: r.Unchanged, Error: r.Error,
	})
}

// failed says what becomes of the task of a source that was not read.
func (v *visit) failed(ctx context.Context, err error) (any, error) {
	fault, its := faultOf(ctx, err)
	if !its || v.source == "" {
		return nil, outcome(err)
	}
	now := v.Now()
	v.known.Fail(fault.reason, err.Error(), fault.atLeast, now)
	if err := v.Pages.Put(ctx, v.known); err != nil {
		return nil, err
	}
	result := FeedResult{Error: v.known.Error}
	if err := v.visited(ctx, result); err != nil {
		return nil, err
	}
	if fault.reason == pages.Unavailable && v.known.Failures <= soonAgain {
		return nil, tasks.Postponed(v.known.Next.Sub(now), "visited again "+v.known.Next.UTC().Format(time.RFC3339)+": "+v.known.Error)
	}
	return result, nil
}
