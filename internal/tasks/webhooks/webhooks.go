// Package webhooks tells addresses of the ends of tasks: it performs the kind webhook_deliver, whose
// tasks lanes add in the step that writes an end.
package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/internal/web"
)

// Kinds are what this package performs.
func Kinds() []tasks.Kind {
	k := tasks.KindOf[tasks.Notice](tasks.WebhookDeliver, 1)
	k.Internal = true
	return []tasks.Kind{k}
}

// Deliverer posts notices.
type Deliverer struct {
	Targets Targets
	// Signer is nil where there is no secret. Nothing is posted then.
	Signer *web.Signer
	Poster *web.Poster
	// Show returns a task as the HTTP API shows it.
	Show func(tasks.Status) any
	Now  func() time.Time
}

// ByKind returns the handlers.
func (d *Deliverer) ByKind() tasks.Handlers {
	return tasks.Handlers{tasks.WebhookDeliver: tasks.Handle(d.deliver)}
}

// event is what a hook is told.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
	LeftOut   bool      `json:"left_out,omitempty"`
}

func (d *Deliverer) deliver(ctx context.Context, _ *tasks.Task, n tasks.Notice) (any, error) {
	if d.Signer == nil {
		return nil, errNoSecret // it may be configured within the day
	}
	if err := d.Targets.Check(n.URL); err != nil {
		return nil, tasks.Permanent(err)
	}
	body, err := json.Marshal(event{"task." + string(n.Task.State), n.At, d.Show(n.Task), n.LeftOut})
	if err != nil {
		return nil, tasks.Permanent(fmt.Errorf("encode what the hook is told: %w", err))
	}
	header := http.Header{}
	telemetry.InjectHTTP(ctx, header)
	if err := d.Signer.Sign(header, n.ID, d.Now(), body); err != nil {
		return nil, tasks.Permanent(err)
	}
	return nil, verdict(d.Poster.Post(ctx, n.URL, header, body))
}

// maxRetryAfter bounds how long an address may have us wait.
const maxRetryAfter = tasks.MaxRetryDelay

// verdict says what follows from the answer of an address. As Standard Webhooks have it, everything
// but success is tried again, also what may be a mistake that somebody mends: only 410 says that
// nobody wants to be told any more.
func verdict(err error) error {
	var failed *web.Error
	switch {
	case err == nil, !errors.As(err, &failed):
		return err
	case failed.Status == http.StatusGone, errors.Is(err, web.ErrPrivate):
		return tasks.Permanent(err)
	case failed.RetryAfter > 0:
		return tasks.RetryAfter(min(failed.RetryAfter, maxRetryAfter), err)
	}
	return err
}
