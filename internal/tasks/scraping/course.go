package scraping

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"switchyard/internal/article"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// maxParts bounds what one visit reads besides the URL that it begins with.
const maxParts = 20

// Course is where a visit stands that takes several tasks. Each reads one part and sends the next one,
// so each takes its turn at the host, and a part that cannot be read stops no other.
type Course struct {
	URL   string `json:"url"`   // where the visit began
	Parts []Part `json:"parts"` // all that are known by now, in the order in which they are read
	// Step says which part a task reads, from 1 on.
	Step int `json:"step"`
	// Found and New are what the parts before it brought.
	Found int `json:"found,omitempty"`
	New   int `json:"new,omitempty"`
}

// Part is a sitemap of an index, or a page of a site.
type Part struct {
	URL   string `json:"url"`
	Depth int    `json:"depth,omitempty"` // of the pages of a site: how far links are followed from there
}

func (c *Course) validate() error {
	switch {
	case c == nil:
		return nil
	case c.Step < 1 || c.Step > len(c.Parts) || len(c.Parts) > maxParts:
		return tasks.Field("course", "field \"course\" is at step %d of %d: leave it out, it is for the tasks that a visit sends itself", c.Step, len(c.Parts))
	case c.Found < 0 || c.New < 0:
		return tasks.Field("course", "field \"course\" counts less than nothing: leave it out, it is for the tasks that a visit sends itself")
	}
	for _, p := range c.Parts {
		if _, err := web.ParseURL(p.URL); err != nil {
			return tasks.Field("course", "field \"course\" has a part that cannot be read: %v", err)
		}
	}
	return nil
}

// add appends a part, unless it is there already or there are enough.
func (c *Course) add(p Part) {
	same := func(other Part) bool { return other.URL == p.URL }
	if p.URL != c.URL && len(c.Parts) < maxParts && !slices.ContainsFunc(c.Parts, same) {
		c.Parts = append(c.Parts, p)
	}
}

// goesOn reads one part of a visit that has begun before.
func (v *visit) goesOn(ctx context.Context) (any, error) {
	var result FeedResult
	page, err := v.Fetcher.Fetch(ctx, v.task.ID, v.request)
	if err == nil && !article.SameSite(v.request.URL, page.URL) {
		err = tasks.Permanent(fmt.Errorf("%s leads to another site, %s", web.Redact(v.request.URL), web.Redact(page.URL)))
	}
	if err == nil {
		result, err = v.takeIn(ctx, page)
	}
	if err != nil {
		if _, its := faultOf(ctx, err); !its {
			return nil, outcome(err)
		}
		result = FeedResult{Error: err.Error()}
		if err := v.proceed(ctx, &result); err != nil {
			return nil, err
		}
	}
	return result, v.visited(ctx, result)
}

// proceed sends the task that reads the next part, if there is one and the limit leaves room.
func (v *visit) proceed(ctx context.Context, result *FeedResult) error {
	c := v.course
	if v.next == nil || v.left <= 0 || c.Step >= len(c.Parts) {
		return nil
	}
	first := strings.TrimSuffix(v.task.ID, fmt.Sprintf("-part-%d", c.Step)) // nothing is cut off at step 0
	part := c.Parts[c.Step]
	c.Step++
	c.Found, c.New = c.Found+result.Found, c.New+result.Enqueued
	id := fmt.Sprintf("%s-part-%d", first, c.Step)
	if _, err := v.Enqueuer.Enqueue(ctx, v.next(part, v.left, &c), tasks.Options{ID: id}); err != nil {
		return fmt.Errorf("enqueue %s: %w", id, err)
	}
	result.Continued = true
	return nil
}
