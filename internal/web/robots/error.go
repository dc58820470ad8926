package robots

import (
	"fmt"
	"time"
)

// ForbiddenError says that a site does not want a page to be fetched by us. No retry helps.
type ForbiddenError struct {
	URL   string // as logs may show it
	Token string // whom the site has forbidden it
}

// Error implements error.
func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("robots.txt forbids %s to fetch %s: ask the site's owner for leave", e.Token, e.URL)
}

// ClosedError says that no page of a site may be fetched for now, because its robots.txt is out of
// reach.
type ClosedError struct {
	Host string
	Wait time.Duration
	Err  error
}

// Error implements error.
func (e *ClosedError) Error() string {
	return fmt.Sprintf("waits for robots.txt of %s: %v", e.Host, e.Err)
}

// After returns when to come again.
func (e *ClosedError) After() time.Duration { return e.Wait }

// Unwrap returns the cause.
func (e *ClosedError) Unwrap() error { return e.Err }
