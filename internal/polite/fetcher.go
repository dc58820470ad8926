// Package polite fetches pages as their hosts want it: in turns that all workers share, and as
// robots.txt allows.
package polite

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"switchyard/internal/hosts"
	"switchyard/internal/web"
	"switchyard/internal/web/robots"
)

const (
	// briefly is what the next one in line waits for its turn without giving up its slot: to come again
	// would take about as long.
	briefly = 50 * time.Millisecond
	// further is what is waited in the middle of a fetch, for the turn of a host that another one
	// leads to: what was fetched before would have to be fetched again.
	further = 5 * time.Second
	// leaveWithin is how long the end of a turn may take to be written.
	leaveWithin = 5 * time.Second
)

// Fetcher fetches pages politely. It is safe for concurrent use.
type Fetcher struct {
	Web    *web.Fetcher
	Turns  *hosts.Turns
	Policy hosts.Policy
	Robots *robots.Keeper // nil: nobody is asked
}

// Fetch gets a page for a task. Besides the errors of [web.Fetcher.Fetch] there are a
// [*hosts.BusyError] or a [*robots.ClosedError] if the task has to come again, and a
// [*robots.ForbiddenError].
func (f *Fetcher) Fetch(ctx context.Context, task string, r web.Request) (*web.Page, error) {
	return f.fetch(ctx, task, r, briefly)
}

// FetchNow is Fetch for somebody who cannot come again, and waits for so long.
func (f *Fetcher) FetchNow(ctx context.Context, task string, r web.Request, patience time.Duration) (*web.Page, error) {
	return f.fetch(ctx, task, r, patience)
}

func (f *Fetcher) fetch(ctx context.Context, task string, r web.Request, patience time.Duration) (*web.Page, error) {
	v := &visit{fetcher: f, task: task, patience: patience, delay: -1}
	r.Before = v.before
	page, err := f.Web.Fetch(ctx, r)
	return page, v.end(ctx, err)
}

// visit is one fetch with the turns it takes, one after the other.
type visit struct {
	fetcher  *Fetcher
	task     string
	patience time.Duration
	turn     *hosts.Turn
	delay    time.Duration // that the host of the turn wants, negative if that is not known
}

// before takes a turn at the host of u, unless it has that, and asks robots.txt. What is known to be
// forbidden takes none.
func (v *visit) before(ctx context.Context, u *url.URL) error {
	rules, known, err := v.known(ctx, u)
	if err != nil {
		return err
	}
	if err := v.enter(ctx, v.fetcher.Policy.Of(u)); err != nil {
		return err
	}
	if keeper := v.fetcher.Robots; keeper != nil {
		if !known {
			return v.learn(ctx, u)
		}
		v.delay = rules.Delay
	}
	v.turn.Asks()
	return nil
}

// learn asks for the robots.txt of a page within the turn. The next turn is spaced from the page.
func (v *visit) learn(ctx context.Context, u *url.URL) error {
	rules, err := v.fetcher.Robots.Ask(ctx, u)
	if err != nil {
		return err
	}
	v.delay = rules.Delay
	if err := v.fetcher.Robots.Check(rules, u); err != nil {
		return err
	}
	return v.turn.Knows(ctx, v.delay)
}

// known returns what is known of the robots.txt of a page, if it allows that.
func (v *visit) known(ctx context.Context, u *url.URL) (robots.Rules, bool, error) {
	keeper := v.fetcher.Robots
	if keeper == nil {
		return robots.Rules{}, false, nil
	}
	rules, known, err := keeper.Known(ctx, u)
	if err == nil && known {
		err = keeper.Check(rules, u)
	}
	return rules, known, err
}

// enter takes a turn at a host, and waits for it for a moment.
func (v *visit) enter(ctx context.Context, host hosts.Host) error {
	if v.turn != nil && v.turn.Host.Name == host.Name {
		return nil
	}
	if v.turn != nil {
		_ = v.leave(ctx, hosts.Visit{Answered: true, Delay: v.delay})
		v.patience = max(v.patience, further)
	}
	left := v.patience
	for {
		turn, err := v.fetcher.Turns.Enter(ctx, host, v.task)
		var busy *hosts.BusyError
		switch {
		case err == nil:
			v.turn, v.delay = turn, -1
			return nil
		case !errors.As(err, &busy) || busy.Wait > left:
			return err
		}
		left -= busy.Wait
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(busy.Wait):
		}
	}
}

// leave ends the turn. If that cannot be written, its lease ends it.
func (v *visit) leave(ctx context.Context, what hosts.Visit) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	err := v.turn.Leave(ctx, what)
	v.turn = nil
	return err
}

// end ends the fetch, and says what came of it.
func (v *visit) end(ctx context.Context, err error) error {
	if v.turn == nil {
		return err
	}
	what := hosts.Visit{Answered: err == nil, Delay: v.delay}
	var failed *web.Error
	if errors.As(err, &failed) {
		what.Answered = failed.Status != 0
		if failed.Status == http.StatusTooManyRequests || failed.Status == http.StatusServiceUnavailable {
			what.Refused, what.Pause = err, failed.RetryAfter
		}
	}
	said := v.leave(ctx, what)
	var busy *hosts.BusyError
	if errors.As(said, &busy) {
		return busy
	}
	return err
}
