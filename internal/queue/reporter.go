package queue

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// reportFor is how long a report stands on asynqmon's Servers page, and so how long a
	// killed worker does.
	reportFor = 30 * time.Second
	// repeatAfter is when a report that says nothing new is written again. asynq would
	// write six commands every 5 seconds.
	repeatAfter = 15 * time.Second
	// reportWithin bounds one write.
	reportWithin = time.Second
)

// reporter writes what asynq reports for asynqmon's Servers page: in order, aside,
// because asynq starts no task while it writes there, and only if there is news.
type reporter struct {
	writes   chan func(context.Context) error
	unloaded atomic.Bool // Redis does not have the script

	// What follows belongs to asynq's goroutine that reports.
	last   string // what was reported
	sent   time.Time
	listed map[string]time.Time // by list
}

func newReporter() *reporter {
	r := &reporter{writes: make(chan func(context.Context) error, 16), listed: make(map[string]time.Time)}
	r.unloaded.Store(true)
	return r
}

// sendSha is send for a script that Redis may not have. asynq is asked for its text first
// if it is the first report, or the last one, which takes a script of its own.
func (r *reporter) sendSha(args []any, write func(context.Context, []any) error) *redis.Cmd {
	if len(args) == 0 || r.unloaded.Load() {
		cmd := redis.NewCmd(context.Background())
		cmd.SetErr(errNoScript{})
		return cmd
	}
	return r.send(args, write)
}

// send writes a report, given as its TTL in seconds, the server, and what it performs. One
// without arguments removes it.
func (r *reporter) send(args []any, write func(context.Context, []any) error) *redis.Cmd {
	if len(args) > 0 {
		news := fmt.Sprint(args[1:]...)
		if !r.unloaded.Swap(false) && news == r.last && time.Since(r.sent) < repeatAfter {
			return answer("OK")
		}
		r.last, r.sent = news, time.Now()
		args = append([]any{reportFor.Seconds()}, args[1:]...)
	}
	r.add(func(ctx context.Context) error { return write(ctx, args) })
	return answer("OK")
}

// list adds a report to the list at key, scored with when it expires.
func (r *reporter) list(key string, members []redis.Z, write func(context.Context, []redis.Z) error) {
	if time.Since(r.listed[key]) < repeatAfter {
		return
	}
	r.listed[key] = time.Now()
	for i := range members {
		members[i].Score = float64(time.Now().Add(reportFor).Unix())
	}
	r.add(func(ctx context.Context) error { return write(ctx, members) })
}

func (r *reporter) add(write func(context.Context) error) {
	select {
	case r.writes <- write:
	default: // Redis is away: what is dropped is old by the time it is back
	}
}

// run writes until writes is closed and all is written.
func (r *reporter) run() {
	for write := range r.writes {
		ctx, cancel := context.WithTimeout(context.Background(), reportWithin)
		if err := write(ctx); redis.HasErrorPrefix(err, "NOSCRIPT") {
			r.unloaded.Store(true)
		}
		cancel()
	}
}

// errNoScript has asynq send the text of a script.
type errNoScript struct{}

func (errNoScript) Error() string { return "NOSCRIPT" }
func (errNoScript) RedisError()   {}
