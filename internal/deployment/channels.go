package deployment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/cache"
)

// Mode says whether a deployment obeys the messages of applications on the control channels.
type Mode string

// The modes.
const (
	Auto   Mode = "auto"   // unless another deployment on the Redis server does
	Obey   Mode = "obey"   // also if another one does
	Ignore Mode = "ignore" // never
)

// Channels are the control channels of a Redis server. Its databases share them. It is safe
// for concurrent use.
type Channels struct {
	client redis.UniversalClient // of database 0
	close  func() error
	name   string
	mode   Mode
	log    *zap.Logger
	yields time.Time // until when it leaves channels that nobody has to others

	mu     sync.Mutex
	asked  time.Time // when the claim was last known; zero: never
	holder string    // who had it then; "" if that could not be told
}

// yieldFor is for how long a deployment that is not in database 0 leaves channels that nobody
// has claimed to one that is, should both start for the first time at once.
const yieldFor = 2 * time.Second

// NewChannels returns the channels as the deployment of that name sees them. Close closes it.
func NewChannels(client redis.UniversalClient, name string, mode Mode, log *zap.Logger) *Channels {
	first, closeIt := cache.InDatabase(client, 0)
	c := &Channels{client: first, close: closeIt, name: name, mode: mode, log: log}
	if cache.Database(client) != 0 {
		c.yields = time.Now().Add(yieldFor)
	}
	return c
}

// Close closes the connection to database 0, if it is one of its own.
func (c *Channels) Close() error { return c.close() }

// Ours reports whether this deployment obeys what is asked for on the channels. The error is
// [ErrUnclaimed], or that of a Redis that has never answered.
func (c *Channels) Ours(ctx context.Context) (bool, error) {
	if c.mode == Ignore {
		return false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.asked) >= renewEvery {
		if err := c.ask(ctx); err != nil {
			return false, err
		}
	}
	// A pause that is not obeyed is worse than one that is obeyed twice.
	return c.mode == Obey || c.holder == c.name || c.holder == "", nil
}

// Keep renews the claim, or waits for it to lapse, until ctx ends.
func (c *Channels) Keep(ctx context.Context) {
	tick := time.NewTicker(renewEvery / 2)
	defer tick.Stop()
	for c.mode != Ignore {
		c.mu.Lock()
		_ = c.ask(ctx) // a Redis that is away is told where it is used
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ask claims the channels, and says so when it is known for the first time who has them, or
// that changes. The error is that of a Redis that has never answered: while it is away later,
// nobody can have changed the claim.
func (c *Channels) ask(ctx context.Context) error {
	claim, err := c.claim(ctx)
	if err != nil && !cache.IsFinal(err) {
		if c.asked.IsZero() {
			return err
		}
		return nil
	}
	first, before := c.asked.IsZero(), c.holder
	c.asked, c.holder = time.Now(), claim.Holder
	switch {
	case !first && claim.Holder == before:
	case err != nil:
		c.log.Error("whether another deployment obeys the control channels cannot be told: they are obeyed; allow this Redis user the key "+
			keys+"channels in database 0, or set control.channels", zap.Error(err))
	case claim.Holder != c.name:
		c.sayTaken(claim)
	case !first:
		c.log.Warn("the control channels are obeyed from now on: no other deployment does")
	}
	return nil
}

// ErrUnclaimed says that it is not known yet who obeys the channels: it is left to others for
// a moment to claim them.
var ErrUnclaimed = errors.New("the control channels are nobody's yet")

func (c *Channels) claim(ctx context.Context) (Claim, error) {
	if time.Now().After(c.yields) {
		return hold(ctx, c.client, keys+"channels", c.name)
	}
	claim, err := look(ctx, c.client, keys+"channels")
	if err == nil && claim.Holder == "" {
		err = ErrUnclaimed
	}
	return claim, err
}

func (c *Channels) sayTaken(claim Claim) {
	by := zap.String("obeyed_by", claim.Holder)
	if c.mode == Obey {
		c.log.Warn("the control channels of this redis server are obeyed by another deployment too, as control.channels says", by, zap.Duration("last_seen", claim.Seen))
		return
	}
	c.log.Error(fmt.Sprintf("another deployment obeys the control channels of this redis server: messages on agent:pause:* and agent:resume:* do nothing here; "+
		"switchyard pause and resume do; set control.channels to obey to obey them here as well, and to ignore to leave them without this message; if that deployment is gone for good, DEL %schannels in database 0", keys),
		by, zap.String("deployment", c.name), zap.Duration("last_seen", claim.Seen))
}
