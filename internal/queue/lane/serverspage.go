package lane

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

const (
	// showEvery is how often the page shows what has changed.
	showEvery = 5 * time.Second
	// showFor is how long a report stands, and so how long a killed worker does.
	showFor = 30 * time.Second
	// repeatAfter is when a report that says nothing new is written again.
	repeatAfter = 15 * time.Second
	// maxShown bounds the running tasks that are shown, maxShownPayload their payloads in bytes.
	maxShown        = 1000
	maxShownPayload = 4096
)

// serversPage reports to asynqmon's Servers page what the process consumes and what it runs.
type serversPage struct {
	redis  redis.UniversalClient
	lanes  []*lane
	server format.Server

	last string // what was reported
	sent time.Time
}

func newServersPage(client redis.UniversalClient, lanes []*lane) *serversPage {
	p := &serversPage{redis: client, lanes: lanes, server: format.Server{
		Host: hostname(), PID: os.Getpid(), ID: uuid.NewString(), Queues: map[string]int{}, Status: "active", Started: time.Now(),
	}}
	for _, l := range lanes {
		p.server.Concurrency += l.opts.Concurrency
		for _, s := range l.sources {
			p.server.Queues[s.queue] = s.weight
		}
	}
	return p
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown-host"
	}
	return host
}

// run reports until ctx ends, and then takes the process off the page. What cannot be written
// is old by the time it could be.
func (p *serversPage) run(ctx context.Context) {
	for {
		p.report()
		if tasks.Sleep(ctx, showEvery) != nil {
			break
		}
	}
	within, cancel := context.WithTimeout(context.Background(), exitGrace)
	defer cancel()
	_, _ = p.redis.Pipelined(within, func(to redis.Pipeliner) error {
		to.ZRem(within, format.AllServers, p.server.Key())
		to.ZRem(within, format.AllWorkers, p.server.WorkersKey())
		to.Del(within, p.server.Key())
		to.Del(within, p.server.WorkersKey())
		return nil
	})
}

// report writes what there is, if it is news or time to.
func (p *serversPage) report() {
	running := p.running()
	p.server.Running = len(running)
	news := strings.Join(slices.Sorted(maps.Keys(running)), " ")
	if news == p.last && time.Since(p.sent) < repeatAfter {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	expires := float64(time.Now().Add(showFor).Unix())
	_, err := p.redis.Pipelined(ctx, func(to redis.Pipeliner) error {
		to.ZAdd(ctx, format.AllServers, redis.Z{Score: expires, Member: p.server.Key()})
		to.ZAdd(ctx, format.AllWorkers, redis.Z{Score: expires, Member: p.server.WorkersKey()})
		to.Set(ctx, p.server.Key(), p.server.Encode(), showFor)
		if p.last != "" {
			to.Del(ctx, p.server.WorkersKey())
		}
		if len(running) > 0 {
			to.HSet(ctx, p.server.WorkersKey(), running)
			to.Expire(ctx, p.server.WorkersKey(), showFor)
		}
		return nil
	})
	if err == nil {
		p.last, p.sent = news, time.Now()
	}
}

// running returns the running tasks as the page takes them, by ID.
func (p *serversPage) running() map[string]any {
	running := map[string]any{}
	for _, l := range p.lanes {
		l.leases.each(func(a *attempt) {
			if len(running) >= maxShown {
				return
			}
			running[a.id] = p.show(a)
		})
	}
	return running
}

func (p *serversPage) show(a *attempt) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	started := a.began
	if started.IsZero() { // it is about to begin
		started = time.Now()
	}
	deadline := a.limits.hard
	if deadline.IsZero() || !a.limits.deadline.IsZero() && a.limits.deadline.Before(deadline) {
		deadline = a.limits.deadline
	}
	if deadline.IsZero() {
		deadline = started.Add(parkedFor) // asynqmon shows no "never"
	}
	payload := a.task.Payload
	if len(payload) > maxShownPayload {
		payload = payload[:maxShownPayload]
	}
	return format.Running{
		Server: p.server, ID: a.id, Kind: a.task.Kind, Payload: payload, Queue: a.task.Queue, Started: started, Deadline: deadline,
	}.Encode()
}
