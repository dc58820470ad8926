package briefings

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

// Webhook is the channel "webhook": the briefing as JSON, posted and signed as Standard Webhooks have
// it. Its ID is the same at each attempt, so that the receiver knows a repetition.
type Webhook struct {
	// Check reports why an address may not be posted to, or that there is no secret to sign with.
	Check  func(address string) error
	Signer *web.Signer
	Poster Poster
	Now    func() time.Time
}

// Poster posts to addresses that nobody vouches for.
type Poster interface {
	Post(ctx context.Context, url string, header http.Header, body []byte) error
}

// hook is what a webhook is told.
type hook struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      hookData  `json:"data"`
}

type hookData struct {
	Title string `json:"title"`
	Link  string `json:"link,omitempty"` // to read it as a page
	Briefing
}

// Repeats implements [Channel].
func (c *Webhook) Repeats() bool { return false }

// Deliver implements [Channel].
func (c *Webhook) Deliver(ctx context.Context, d Delivery) error {
	if err := c.Check(d.To.Webhook); err != nil {
		return err // somebody may configure it
	}
	body, err := json.Marshal(hook{"briefing.ready", d.Created, hookData{d.Title(), d.Links.Read, d.Briefing}})
	if err != nil {
		return tasks.Permanent(fmt.Errorf("encode what the webhook is told: %w", err))
	}
	header := http.Header{}
	if err := c.Signer.Sign(header, d.ID, c.Now(), body); err != nil {
		return tasks.Permanent(err)
	}
	return judge(c.Poster.Post(ctx, d.To.Webhook, header, body))
}

// judge says what a failed post means for the briefing. An answer is certain, and so is that nobody
// was reached. Otherwise the receiver may have had it.
func judge(err error) error {
	failed, ok := errors.AsType[*web.Error](err)
	switch {
	case !ok:
		return err
	case failed.Status == http.StatusGone, errors.Is(err, web.ErrPrivate):
		return tasks.Permanent(err)
	case failed.RetryAfter > 0:
		return tasks.RetryAfter(min(failed.RetryAfter, tasks.MaxRetryDelay), err)
	case failed.Status != 0 || neverReached(err):
		return err
	}
	return InDoubt(err)
}

// neverReached reports whether a request was certainly not sent.
func neverReached(err error) bool {
	var call *net.OpError
	return errors.As(err, &call) && call.Op == "dial" || errors.As(err, new(*net.DNSError)) ||
		errors.As(err, new(*x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError))
}
