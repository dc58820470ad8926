package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// outage is a Redis that goes away in the middle of a request.
type outage struct {
	mu      sync.Mutex
	left    int  // commands and pipelines until it goes away
	away    int  // for how many it is away then: who persists finds it back
	reached bool // it went away
	lost    bool // the first command of these arrives, and its answer is lost
}

// begin has Redis go away with the nth command from now.
func (o *outage) begin(n int, lost bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left, o.away, o.reached, o.lost = n-1, 2, false, lost
}

// end has Redis be there again, and reports whether it was away.
func (o *outage) end() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = 0
	return o.reached
}

// next reports whether the next command arrives, and whether its answer does.
func (o *outage) next() (arrives, answered bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away == 0 || o.left > 0 {
		o.left--
		return true, true
	}
	first := !o.reached
	o.away, o.reached = o.away-1, true
	return first && o.lost, false
}

var errAway = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}

func (o *outage) DialHook(next redis.DialHook) redis.DialHook { return next }

func (o *outage) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		arrives, answered := o.next()
		var err error
		if arrives {
			err = next(ctx, cmd)
		}
		if !answered {
			cmd.SetErr(errAway)
			return errAway
		}
		return err
	}
}

func (o *outage) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		arrives, answered := o.next()
		var err error
		if arrives {
			err = next(ctx, cmds)
		}
		if answered {
			return err
		}
		for _, cmd := range cmds {
			cmd.SetErr(errAway)
		}
		return errAway
	}
}

// mostCommands bounds the commands of a request.
const mostCommands = 40

// outages makes a request again and again, and has Redis go away with each of its commands in turn: before
// that arrives, or before its answer does. after looks at what was left, once Redis is back.
func (d *door) outages(before func(), ask func() answer, after func(a answer)) {
	d.Helper()
	o := new(outage)
	d.system.Redis.AddHook(o)
	for _, lost := range []bool{false, true} {
		for n := 1; ; n++ {
			d.system.Redis.FlushAll(d.Context())
			before()
			o.begin(n, lost)
			a := ask()
			away := o.end()
			if a.status >= 300 && (a.status != http.StatusServiceUnavailable || a.field("type") != "/problems/unavailable" || a.header.Get("Retry-After") != "1") {
				d.Errorf("without command %d (lost: %v): %d %s, Retry-After %q", n, lost, a.status, a.body, a.header.Get("Retry-After"))
			}
			after(a)
			if !away {
				break
			}
			if n > mostCommands {
				d.Fatalf("more than %d commands", mostCommands)
			}
		}
	}
}

// TestARequestWithAKeyIsDoneOnceThoughRedisGoesAwayInItsMiddle makes each request again once Redis is back.
func TestARequestWithAKeyIsDoneOnceThoughRedisGoesAwayInItsMiddle(t *testing.T) {
	want := map[string]int64{"send": 1, "send many": 2, "run": 1, "cancel": 0, "replay": 1, "run entry": 1}
	onDeeds(t, func(d *door, x deed) {
		d.outages(func() { x.before(d) }, func() answer { return d.ask(x, "k") }, func(a answer) {
			for _, key := range d.system.Redis.Keys(d.Context(), "switchyard:request:*").Val() {
				d.system.Redis.HSet(d.Context(), key, "busy", 0) // as after a while
			}
			if again := d.ask(x, "k"); again.status != x.first && again.status != x.again || a.status < 300 && again.field(x.id) != a.field(x.id) {
				d.Errorf("%d %s, then %d %s", a.status, a.body, again.status, again.body)
			}
			if n := d.waiting(); n != want[x.name] {
				d.Errorf("after %d %s, then again, %d tasks wait, want %d", a.status, a.body, n, want[x.name])
			}
		})
	})
}

// TestEachVerbSaysThatRedisIsAwayInItsMiddle needs no keys.
func TestEachVerbSaysThatRedisIsAwayInItsMiddle(t *testing.T) {
	const entry = `{"spec":"@yearly","kind":"echo","payload":{"text":"x"}}`
	for _, r := range [][3]string{
		{"POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"}}`}, {"POST", "/v1/tasks/batch", `{"atomic":true,"items":[{"kind":"echo","payload":{"text":"a"}}]}`},
		{"GET", "/v1/tasks/later", ""}, {"GET", "/v1/tasks", ""}, {"DELETE", "/v1/tasks/later", ""}, {"GET", "/v1/queues", ""}, {"GET", "/v1/queues/default", ""}, {"PATCH", "/v1/queues/default", `{"paused":true}`},
		{"GET", "/v1/schedule", ""}, {"GET", "/v1/schedule/x", ""}, {"PUT", "/v1/schedule/y", entry}, {"PATCH", "/v1/schedule/x", `{"paused":true}`}, {"DELETE", "/v1/schedule/x", ""},
		{"GET", "/v1/users", ""}, {"PUT", "/v1/users/ada", `{"topics":["x"]}`}, {"GET", "/v1/users/ada/usage", ""},
		{"GET", "/v1/users/ada/brake", ""}, {"PUT", "/v1/users/ada/brake", `{"on":true}`}, {"PUT", "/v1/users/ada/brake", `{"on":false}`}, {"GET", "/v1/brakes", ""},
	} {
		t.Run(r[0]+" "+strings.ReplaceAll(strings.TrimPrefix(r[1], "/v1/"), "/", " "), func(t *testing.T) {
			onEach(t, false, func(d *door) {
				d.outages(func() {
					d.want(http.StatusCreated, d.do("POST", "/v1/tasks", later))
					d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/x", entry))
				}, func() answer { return d.do(r[0], r[1], r[2]) }, func(answer) {})
			})
		})
	}
}
