package broker

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/tasks"
)

const (
	// lookEvery is how often lists are looked at whose changes Redis tells of, should it not tell.
	lookEvery = 10 * time.Second
	// pollEvery is how often lists are looked at of whose changes nobody tells.
	pollEvery = 500 * time.Millisecond
	// reconnectAfter is how long the watch waits before it connects again.
	reconnectAfter = time.Second
	// invalidations is the channel on which Redis tells which keys have changed.
	invalidations = "__redis__:invalidate"
)

// Watch tells when lists may have got something.
//
// Redis has no command that waits for several lists and moves what one of them gets, as BLMOVE does
// for a single one. So it does not wait for the lists at all: the server tells one connection which
// keys with the names of the lists have changed (CLIENT TRACKING with BCAST). It costs no command
// while nothing happens, however many lists there are. Where the server does not do so, they are
// looked at twice a second.
type Watch struct {
	lists   []string
	client  *redis.Client
	refused bool // the server does not tell of changes
	log     *zap.Logger

	// Changed gets a value after a list may have got something; one that waits stands for many.
	Changed chan struct{}
}

// NewWatch returns a watch over lists of a broker, to be run once.
func NewWatch(b *Broker, lists []string, log *zap.Logger) *Watch {
	w := &Watch{lists: lists, log: log, Changed: make(chan struct{}, 1)}
	if c, ok := b.Redis.(*redis.Client); ok {
		options := *c.Options()
		options.Protocol, options.PoolSize, options.MaxActiveConns, options.MinIdleConns = 2, 1, 1, 0
		options.MaxRetries, options.PushNotificationProcessor = -1, nil
		options.OnConnect = w.track
		w.client = redis.NewClient(&options)
	}
	return w
}

// prefixes returns what the names of the lists begin with, none of them the beginning of another:
// Redis refuses those that overlap.
func (w *Watch) prefixes() []string {
	sorted := slices.Clone(w.lists)
	slices.Sort(sorted)
	var all []string
	for _, list := range sorted {
		if len(all) == 0 || !strings.HasPrefix(list, all[len(all)-1]) {
			all = append(all, list)
		}
	}
	return all
}

// track has the server tell a connection of changes.
func (w *Watch) track(ctx context.Context, conn *redis.Conn) error {
	id, err := conn.ClientID(ctx).Result()
	if err != nil {
		return w.refuse(err)
	}
	args := []any{"client", "tracking", "on", "redirect", id, "bcast"}
	for _, prefix := range w.prefixes() {
		args = append(args, "prefix", prefix)
	}
	return w.refuse(conn.Do(ctx, args...).Err())
}

// refuse notes that the server does not tell of changes.
func (w *Watch) refuse(err error) error {
	if answer := redis.Error(nil); errors.As(err, &answer) {
		w.refused = true
	}
	return err
}

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	if w.client == nil {
		w.poll(ctx)
		return
	}
	defer func() { _ = w.client.Close() }()
	for ctx.Err() == nil {
		err := w.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if w.refused {
			w.log.Warn("the broker of Celery does not tell which lists change: they are looked at twice a second; let its user run CLIENT TRACKING", zap.Error(err))
			w.poll(ctx)
			return
		}
		w.tell()
		_ = tasks.Sleep(ctx, reconnectAfter)
	}
}

// listen hears of changes until the connection breaks or ctx ends.
func (w *Watch) listen(ctx context.Context) error {
	heard := w.client.Subscribe(ctx, invalidations)
	defer context.AfterFunc(ctx, func() { _ = heard.Close() })()
	defer func() { _ = heard.Close() }()
	for {
		_, err := heard.ReceiveTimeout(ctx, lookEvery)
		var timeout net.Error
		if err != nil && (!errors.As(err, &timeout) || !timeout.Timeout()) {
			return err
		}
		w.tell()
		if err != nil {
			if err := heard.Ping(ctx); err != nil {
				return err
			}
		}
	}
}

// poll has the lists looked at all the time.
func (w *Watch) poll(ctx context.Context) {
	for ctx.Err() == nil {
		w.tell()
		_ = tasks.Sleep(ctx, pollEvery)
	}
}

// tell says that a list may have got something.
func (w *Watch) tell() {
	select {
	case w.Changed <- struct{}{}:
	default:
	}
}
