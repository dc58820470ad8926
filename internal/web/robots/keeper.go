package robots

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/web"
)

const (
	// kept is how long Redis has what a robots.txt says. With the time that it is remembered
	// beyond, that is as long as RFC 9309 allows it to count.
	kept = 24*time.Hour - remembered
	// closedFor is after how long a robots.txt that was out of reach is asked for again.
	closedFor = 5 * time.Minute
	// closedMost is how long a site may be closed that way before its pages fail like those of any
	// other site that is down.
	closedMost = 24 * time.Hour
	// askingFor is how long one worker has to fetch a robots.txt that others need, and fetchWithin how
	// long the fetch may take.
	askingFor, fetchWithin = 15 * time.Second, 12 * time.Second
	// askingWait is what the others wait.
	askingWait = time.Second
)

// releaseScript ends the turn of a worker that fetches a robots.txt, unless it is another's by now.
var releaseScript = redis.NewScript(`return redis.call("GET", KEYS[1]) == ARGV[1] and redis.call("DEL", KEYS[1]) or 0`)

// Fetcher fetches the files; [web.Fetcher] does.
type Fetcher interface {
	Fetch(ctx context.Context, r web.Request) (*web.Page, error)
}

// Keeper fetches robots.txt of sites and keeps what they say to us in Redis, and for a minute in this
// process. It is safe for concurrent use, by any number of processes.
type Keeper struct {
	client  redis.UniversalClient
	prefix  string
	token   string
	fetcher Fetcher
	now     func() time.Time
	memory  *memory
}

// NewKeeper returns a keeper whose keys carry prefix, which includes its colon. The sites speak to
// it by the token of the user agent.
func NewKeeper(client redis.UniversalClient, prefix, userAgent string, fetcher Fetcher, now func() time.Time) *Keeper {
	return &Keeper{client: client, prefix: prefix, token: Token(userAgent), fetcher: fetcher, now: now, memory: newMemory(now)}
}

// record is what is kept of a site.
type record struct {
	Rules

	Closed bool   `json:"closed,omitempty"` // its robots.txt is out of reach: nothing is allowed
	Why    string `json:"why,omitempty"`
	Since  int64  `json:"since,omitempty"` // when it was found to be, Unix time in s
	Until  int64  `json:"until,omitempty"` // when it is asked for again
}

// Known returns what is kept of the site of u, at most a minute old, and whether anything is. The error
// is a [*ClosedError] while its robots.txt is out of reach.
func (k *Keeper) Known(ctx context.Context, u *url.URL) (rules Rules, known bool, err error) {
	if rules, known = k.memory.get(k.key(u)); known {
		return rules, true, nil
	}
	r, err := k.load(ctx, u)
	switch {
	case err != nil || r == nil:
		return Rules{}, false, err
	case !r.Closed:
		k.memory.add(k.key(u), r.Rules)
		return r.Rules, true, nil
	case k.now().Unix() >= r.Until:
		return Rules{}, false, nil
	}
	return Rules{}, true, k.closed(u, r)
}

// Ask fetches the robots.txt of the site of u and keeps what it says. The error is a
// [*ClosedError] if it is out of reach for now, or if another worker fetches it, and that of the
// fetch if no page of the site could be fetched either.
func (k *Keeper) Ask(ctx context.Context, u *url.URL) (Rules, error) {
	asking, own := k.key(u)+":asking", rand.Text()
	first, err := k.client.SetNX(ctx, asking, own, askingFor).Result()
	if err != nil {
		return Rules{}, fmt.Errorf("robots.txt of %s: %w", u.Host, err)
	}
	if !first {
		return Rules{}, &ClosedError{Host: u.Host, Wait: askingWait, Err: errors.New("another worker fetches it")}
	}
	r, err := k.fetch(ctx, u)
	if err == nil {
		err = k.save(ctx, u, r)
	}
	if released := releaseScript.Run(context.WithoutCancel(ctx), k.client, []string{asking}, own).Err(); err == nil && released != nil {
		err = fmt.Errorf("robots.txt of %s: %w", u.Host, released)
	}
	switch {
	case err != nil:
		return Rules{}, err
	case r.Closed:
		return Rules{}, k.closed(u, r)
	}
	return r.Rules, nil
}

// fetch asks a site. What the server says it does not have, or not for us, forbids nothing.
func (k *Keeper) fetch(ctx context.Context, u *url.URL) (*record, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, fetchWithin, fmt.Errorf("no answer within %s", fetchWithin))
	defer cancel()
	file := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	page, err := k.fetcher.Fetch(bounded, web.Request{URL: file.String(), Most: MaxFile})
	var failed *web.Error
	switch {
	case err == nil:
		return &record{Rules: Parse(page.Body, k.token)}, nil
	case !errors.As(err, &failed) || ctx.Err() != nil:
		return nil, err
	case failed.Status >= 500, failed.Status == http.StatusTooManyRequests, failed.Temporary && failed.Status == 0:
		return k.close(ctx, u, failed)
	case failed.Status >= 400, failed.Refused():
		return &record{}, nil
	}
	return nil, err
}

// close returns the record of a site whose robots.txt is out of reach, since when it first was.
func (k *Keeper) close(ctx context.Context, u *url.URL, failed *web.Error) (*record, error) {
	now := k.now()
	r := &record{Closed: true, Why: failed.Err.Error(), Since: now.Unix(), Until: now.Add(min(max(closedFor, failed.RetryAfter), time.Hour)).Unix()}
	before, err := k.load(ctx, u)
	if before != nil && before.Closed && before.Since > 0 && before.Since < r.Since {
		r.Since = before.Since
	}
	return r, err
}

// closed returns the error of a page of a site whose robots.txt is out of reach.
func (k *Keeper) closed(u *url.URL, r *record) error {
	why := errors.New(r.Why)
	if since := k.now().Sub(time.Unix(r.Since, 0)); since > closedMost {
		return &web.Error{URL: web.Redact(u.String()), Temporary: true, Err: fmt.Errorf("robots.txt is out of reach since %s: %w", since.Round(time.Hour), why)}
	}
	return &ClosedError{Host: u.Host, Wait: max(time.Second, time.Unix(r.Until, 0).Sub(k.now())), Err: why}
}

// key returns the key of a site: robots.txt is that of a scheme, a host and a port.
func (k *Keeper) key(u *url.URL) string {
	return k.prefix + "robots:" + u.Scheme + "://" + strings.ToLower(u.Host)
}

// load returns what is kept of a site, nil if that is nothing, or nothing that can be read.
func (k *Keeper) load(ctx context.Context, u *url.URL) (*record, error) {
	text, err := k.client.Get(ctx, k.key(u)).Bytes()
	if answer := redis.Error(nil); errors.As(err, &answer) {
		text, err = nil, nil // it is not there, or something else is
	}
	if err != nil {
		return nil, fmt.Errorf("robots.txt of %s: %w", u.Host, err)
	}
	return readRecord(text), nil
}

// readRecord reads what is kept of a site, nil if that is no record.
func readRecord(text []byte) *record {
	var r record
	if json.Unmarshal(text, &r) != nil || r.Delay < 0 || r.Delay > MaxDelay {
		return nil
	}
	return &r
}

func (k *Keeper) save(ctx context.Context, u *url.URL, r *record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	ttl := kept
	if r.Closed {
		ttl += closedMost // it says since when
	}
	if err := k.client.Set(ctx, k.key(u), text, ttl).Err(); err != nil {
		return fmt.Errorf("robots.txt of %s: %w", u.Host, err)
	}
	return nil
}

// Check reports a [*ForbiddenError] if rules do not allow u.
func (k *Keeper) Check(rules Rules, u *url.URL) error {
	if rules.Allows(Path(u)) {
		return nil
	}
	return &ForbiddenError{URL: web.Redact(u.String()), Token: k.token}
}
