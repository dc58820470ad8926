package scraping

import (
	"context"
	"errors"
	"net/http"
	"time"

	"switchyard/internal/hosts"
	"switchyard/internal/pages"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
	"switchyard/internal/web/robots"
)

// outcome says what becomes of a task that somebody sent by hand, whose fetch failed.
func outcome(err error) error {
	var failed *web.Error
	var busy *hosts.BusyError
	var closed *robots.ClosedError
	var forbidden *robots.ForbiddenError
	switch {
	case errors.As(err, &busy):
		return tasks.Postponed(busy.After(), err.Error())
	case errors.As(err, &closed):
		return tasks.Postponed(closed.After(), err.Error())
	case errors.As(err, &forbidden):
		return tasks.Permanent(err)
	case !errors.As(err, &failed):
		return err
	case !failed.Temporary:
		return tasks.Permanent(err)
	case failed.RetryAfter > 0:
		return tasks.RetryAfter(failed.RetryAfter, err)
	}
	return err
}

// fault is a visit that failed, as a page keeps it.
type fault struct {
	reason  pages.Reason
	atLeast time.Duration // that the server asks to be left alone
}

// faultOf returns the fault of a page that was not read because of err, and false if err is nobody's
// fault: the task has to wait for its host, its worker stops, or Redis is away.
func faultOf(ctx context.Context, err error) (fault, bool) {
	var failed *web.Error
	var closed *robots.ClosedError
	var forbidden *robots.ForbiddenError
	var busy *hosts.BusyError
	switch {
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), tasks.ErrSoftLimit), errors.As(err, &busy):
		return fault{}, false
	case errors.As(err, &closed):
		return fault{pages.Unavailable, closed.After()}, true
	case errors.As(err, &forbidden):
		return fault{reason: pages.Refused}, true
	case errors.As(err, &failed):
		return fault{reasonOf(failed), failed.RetryAfter}, true
	case tasks.IsPermanent(err): // what was fetched cannot be read
		return fault{reason: pages.Unreadable}, true
	}
	return fault{}, false
}

func reasonOf(failed *web.Error) pages.Reason {
	switch failed.Status {
	case http.StatusGone:
		return pages.Removed
	case http.StatusNotFound:
		return pages.Missing
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return pages.Refused
	}
	if failed.Temporary {
		return pages.Unavailable
	}
	return pages.Unreadable
}
