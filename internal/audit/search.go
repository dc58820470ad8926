package audit

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Filter says which records are meant. What is "" is no matter.
type Filter struct {
	User string
	// Task is queue/ID, or an ID, which is that of a task in any queue.
	Task string
	Did  string // such as pause
	// Actor is the name of who did it.
	Actor string
}

// Found is some of the records, the latest first.
type Found struct {
	Records []Record
	// Next is the cursor of the next page, "" if there is none. A page may be empty and not be the last.
	Next string
}

// ErrCursor is the error of a cursor that is none.
var ErrCursor = errors.New("the cursor is none: give what the page before says comes next, or none for the first page")

const (
	// atOnce is how many records are read in one round trip.
	atOnce = 500
	// mostForPage bounds how many are looked at for one page.
	mostForPage = 2000
)

// Search returns up to limit records that are meant, from the cursor of a page on, or from the latest on
// with "". It looks at 2,000 at most, so that a page costs little whatever is meant. The error is
// [ErrCursor], or Redis's.
func (l *Log) Search(ctx context.Context, f Filter, limit int, cursor string) (Found, error) {
	page, end := Found{Records: []Record{}}, "+"
	if cursor != "" {
		if !isID.MatchString(cursor) {
			return page, ErrCursor
		}
		end = "(" + cursor
	}
	count, next := atOnce, ""
	if f == (Filter{}) {
		count = min(atOnce, limit)
	}
	for looked := 0; looked < mostForPage; looked += count {
		found, err := l.client.XRevRangeN(ctx, l.key, end, "-", int64(count)).Result()
		if err != nil {
			return page, fmt.Errorf("read the audit log: %w", err)
		}
		full, last := page.add(found, f, limit)
		if full {
			page.Next = last
			return page, nil
		}
		if len(found) < count {
			return page, nil
		}
		next, end = last, "("+last
	}
	page.Next = next
	return page, nil
}

// isID reports whether a text is the ID of an entry of a stream.
var isID = regexp.MustCompile(`^\d{1,20}-\d{1,20}$`)

// add adds those of the entries that are meant, until the page is full. last is the ID of the last
// entry that was looked at.
func (p *Found) add(found []redis.XMessage, f Filter, limit int) (full bool, last string) {
	for _, m := range found {
		last = m.ID
		if r := recordOf(m); f.means(r) {
			p.Records = append(p.Records, r)
		}
		if len(p.Records) == limit {
			return true, last
		}
	}
	return false, last
}

func (f Filter) means(r Record) bool {
	return (f.User == "" || f.User == r.User) && (f.Did == "" || f.Did == r.Did) && (f.Actor == "" || f.Actor == r.Name) &&
		(f.Task == "" || f.Task == r.Task || strings.HasSuffix(r.Task, "/"+f.Task))
}
