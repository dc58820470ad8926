package agents

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"switchyard/internal/tasks"
)

const (
	// defaultPoll is how often work that was accepted is asked for, unless the service or
	// the definition says otherwise.
	defaultPoll = 2 * time.Second
	// maxPoll bounds what a service may say.
	maxPoll = time.Minute
	// defaultTimeout bounds one call of a service, unless the definition does.
	defaultTimeout = 30 * time.Second
	// cancelWithin bounds the call that tells a service to stop.
	cancelWithin = 5 * time.Second
	// maxAnswer bounds a service's answer, in bytes.
	maxAnswer = tasks.DefaultMaxPayload
)

// HTTP is the runtime "http": it has a service do the work. The service gets a POST with
// the same JSON object that a program reads, signed as Standard Webhooks describe if the
// definition names a secret (https://www.standardwebhooks.com). It answers with
//
//	200 and JSON        the result; 204: there is none
//	202 and a Location  the work goes on; the location is asked with GET until it answers
//	                    otherwise, as often as its Retry-After says
//	429, 503            try again, after Retry-After if there is one; as any 5xx
//	409                 to a POST that was sent before: it still works on that; try again
//	any other 4xx       it never will do this: the task is dead
//	404, 410 to a GET   it has lost the work: another attempt starts it anew
//
// Work that goes on is noted in the journal: when the worker is lost or stops, the next
// attempt asks for it and does not start it again. When the run is paused or has taken too
// long, the service gets a DELETE at the location, or at its own address if it gave none. If
// it does not say that it has heard that, the work may go on, and is not started again either.
type HTTP struct {
	Client *http.Client
	Getenv func(string) string // of secrets
}

// NoRedirect has a client take a redirect for the answer: a signed call is for the
// service that is configured, and nobody else.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Run implements [Runtime].
func (h *HTTP) Run(ctx context.Context, run Run) (any, error) {
	j := resume(run.Journal)
	c, err := h.newCall(run, j.number)
	if err != nil {
		return nil, tasks.Permanent(err)
	}
	answer, err := j.begin(ctx, run, c)
	for err == nil && answer.status == http.StatusAccepted {
		if err = tasks.Sleep(ctx, answer.after(cmp.Or(run.Definition.Poll, defaultPoll))); err == nil {
			answer, err = c.do(ctx, http.MethodGet, nil)
		}
	}
	switch {
	case err == nil:
		return answer.result() // also of a run that is being stopped: what is done is done
	case ctx.Err() != nil:
		return nil, j.leave(ctx, c)
	case answer.isLost() && j.accepted:
		return nil, j.lost(ctx)
	}
	return nil, err
}
