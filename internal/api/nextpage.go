package api

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// nextPage returns the Link header of a page, which leads to the next one at the same path: it asks for
// the same, from a cursor on. Of what was asked for, what is "" is left out. Without a cursor there is
// no next page, and the header is "".
func nextPage(path string, limit int, cursor string, asked map[string]string) string {
	if cursor == "" {
		return ""
	}
	q := url.Values{"cursor": {cursor}, "limit": {strconv.Itoa(limit)}}
	for name, value := range asked {
		if value != "" {
			q.Set(name, value)
		}
	}
	return fmt.Sprintf(`<%s?%s>; rel="next"`, path, q.Encode())
}

// asked returns a moment as a query has it, "" if none was asked for.
func asked(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339Nano)
}
