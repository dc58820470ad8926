package agents

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/internal/web"
)

// call is the conversation of one attempt with its service.
type call struct {
	client *http.Client
	within time.Duration
	job    string // the id of the POST, the same each time it is sent
	others string // and what the ids of the other calls begin with
	calls  int    // that were made
	origin *url.URL
	url    *url.URL
	signer *web.Signer // nil: nothing is signed
}

func (h *HTTP) newCall(run Run, job int) (*call, error) {
	address, err := url.Parse(run.Definition.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	c := &call{client: h.Client, within: cmp.Or(run.Definition.Timeout, defaultTimeout), origin: address, url: address}
	c.job = fmt.Sprintf("%s.%s.%d", run.Task.ID, run.Task.Run, job)
	c.others = fmt.Sprintf("%s.%d.%d", c.job, run.Task.Attempt, time.Now().UnixMilli())
	if name := run.Definition.SecretEnv; name != "" {
		c.signer, err = newSigner(name, h.Getenv(name))
	}
	return c, err
}

// newSigner returns what signs calls with the secret of a variable.
func newSigner(name, secret string) (*web.Signer, error) {
	if secret == "" {
		return nil, fmt.Errorf("secret_env: the variable %s is empty: set it to the service's secret, which begins with whsec_", name)
	}
	signer, err := web.NewSigner(secret)
	if err != nil {
		return nil, fmt.Errorf("secret_env: the variable %s holds no Standard Webhooks secret: it is whsec_ and base64", name)
	}
	return signer, nil
}

// answer is what a service said.
type answer struct {
	status     int
	location   string
	retryAfter time.Duration // 0: not given
	body       []byte
}

// do makes one call. An answer that is none to go on with is an error.
func (c *call) do(ctx context.Context, method string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.url.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, tasks.Permanent(err)
	}
	if err := c.sign(request, body); err != nil {
		return answer{}, tasks.Permanent(err)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("call the service: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	a := answer{status: response.StatusCode, location: response.Header.Get("Location"), retryAfter: web.RetryAfter(response.Header.Get("Retry-After"))}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1)); err != nil {
		return a, fmt.Errorf("read the service's answer: %w", err)
	}
	if len(a.body) > maxAnswer {
		return a, tasks.Permanent(fmt.Errorf("the service's answer has more than %d bytes: answer with a reference", maxAnswer))
	}
	return a, a.fault()
}

// sign adds what a service needs to know that a request is ours, and new.
func (c *call) sign(request *http.Request, body []byte) error {
	now, id := time.Now(), c.job
	if c.calls++; request.Method != http.MethodPost {
		id = fmt.Sprintf("%s.%d", c.others, c.calls)
	}
	telemetry.InjectHTTP(request.Context(), request.Header)
	return c.signer.Sign(request.Header, id, now, body)
}

// fault returns the error of an answer that is none to go on with.
func (a answer) fault() error {
	switch {
	case a.status == http.StatusOK, a.status == http.StatusNoContent, a.status == http.StatusAccepted:
		return nil
	case a.status == http.StatusTooManyRequests, a.status >= 500:
		err := fmt.Errorf("the service answers %d: %.200q", a.status, a.body)
		if a.retryAfter > 0 {
			return tasks.RetryAfter(a.retryAfter, err)
		}
		return err
	case a.status == http.StatusRequestTimeout, a.status == http.StatusTooEarly:
		return fmt.Errorf("the service answers %d", a.status)
	}
	return tasks.Permanent(fmt.Errorf("the service answers %d: %.200q", a.status, a.body))
}

// isLost reports whether the service does not know what it is asked for.
func (a answer) isLost() bool {
	return a.status == http.StatusNotFound || a.status == http.StatusGone
}

// result returns what the service has done.
func (a answer) result() (any, error) {
	if a.status == http.StatusNoContent {
		return nil, nil
	}
	if !json.Valid(a.body) {
		return nil, tasks.Permanent(fmt.Errorf("the service's answer %.80q is not JSON", a.body))
	}
	return json.RawMessage(a.body), nil
}

// after returns when to ask again.
func (a answer) after(poll time.Duration) time.Duration {
	return min(cmp.Or(a.retryAfter, poll), maxPoll)
}

var errElsewhere = errors.New("the service's Location leads elsewhere: it has to stay on the host of its url")

// follow takes a location as the address from now on. A service cannot have us call others.
func (c *call) follow(location string) error {
	if location == "" {
		return nil // it is asked where it was
	}
	next, err := c.url.Parse(location)
	if err != nil || next.Host != c.origin.Host || next.Scheme != c.origin.Scheme {
		return tasks.Permanent(fmt.Errorf("%w: %.200q", errElsewhere, location))
	}
	c.url = next
	return nil
}

// cancel tells the service that nobody waits for it any more, and reports whether it has heard
// that, or knows of no such work.
func (c *call) cancel(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelWithin)
	defer cancel()
	a, err := c.do(ctx, http.MethodDelete, nil)
	return err == nil || a.isLost()
}
