package switchyard

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"switchyard/internal/app"
	"switchyard/internal/audit"
	"switchyard/internal/config"
	"switchyard/internal/queue"
	"switchyard/internal/tasks"
)

// ErrNotFound says that there is no such task: there never was, or its retention is over.
var ErrNotFound = queue.ErrNotFound

// Config says which deployment a client belongs to. The zero value reads what the daemons read: the
// file that SWITCHYARD_CONFIG names, and the variables SWITCHYARD_... of this process. A client needs
// the daemons' queues, rules and policies, so give it their file if they have one.
type Config struct {
	// File is the configuration file in place of SWITCHYARD_CONFIG.
	File string
	// Redis is the URL of Redis in place of what file and variables say. Its schemes are redis,
	// rediss, redis-sentinel and redis-cluster.
	Redis string
}

// Client sends tasks, looks at them and cancels them. It is safe for concurrent use, and a program
// needs one.
type Client struct{ system *app.System }

// Open returns a client that sends the given kinds, besides those that come with Switchyard and those
// that the configuration defines. Its caller closes it. The error says what is wrong with the
// configuration or with a kind, or that Redis is away: that one may be gone at the next try.
func Open(ctx context.Context, c Config, kinds ...Kind) (*Client, error) {
	own, err := own(kinds)
	if err != nil {
		return nil, err
	}
	flags := config.Flags{Config: cmp.Or(c.File, os.Getenv("SWITCHYARD_CONFIG")), Own: own.Policies}
	if c.Redis != "" {
		flags.Redis = &c.Redis
	}
	loaded, err := flags.Load(nil)
	if err != nil {
		return nil, err
	}
	system, err := app.Open(loaded, zap.NewNop(), own.Kinds...)
	if err != nil {
		return nil, err
	}
	client := &Client{system}
	if err = system.Reach(ctx); err == nil {
		err = system.Queues.Check(ctx, loaded.QueueNames()...)
	}
	if err != nil {
		_ = client.Close() // the first error tells more
		return nil, fmt.Errorf("open client: %w", err)
	}
	return client, nil
}

// Close closes the connections to Redis.
func (c *Client) Close() error { return c.system.Close() }

// Send adds a task to the queue of its kind. A task that was there already is no error: the receipt
// says so. [IsPermanent] tells a task that is refused from a Redis that is away; after that one the
// task may have been added all the same, so give an ID if you send it again.
func (c *Client) Send(ctx context.Context, args Args, o Options) (Receipt, error) {
	if args == nil {
		return Receipt{}, errNoArgs
	}
	r, err := c.system.Queue.Enqueue(ctx, args, o.sent())
	return receiptOf(r), err
}

// SendMany adds tasks, a few hundred in a round trip, and returns what became of each, in their
// order. A task that is refused keeps none of the others from being added.
func (c *Client) SendMany(ctx context.Context, all []ToSend) []Sent {
	sent := make([]Sent, len(all))
	var good []tasks.New
	var places []int
	for i, one := range all {
		if one.Args == nil {
			sent[i].Err = errNoArgs
			continue
		}
		good, places = append(good, tasks.New{Args: one.Args, Options: one.Options.sent()}), append(places, i)
	}
	for i, added := range c.system.Queue.EnqueueMany(ctx, good) {
		sent[places[i]] = Sent{receiptOf(added.Receipt), added.Err}
	}
	return sent
}

// Status returns a task as it is now, or [ErrNotFound].
func (c *Client) Status(ctx context.Context, name Name) (Status, error) {
	s, found, err := c.system.Queue.Status(ctx, name.Queue, name.ID)
	if err == nil && !found {
		err = fmt.Errorf("no task %s: %w", name, ErrNotFound)
	}
	return statusOf(s), err
}

// Wait returns a task once it has ended, well or not: [Status.DecodeResult] tells which. The error says
// that ctx has ended, with the status that was seen last, or [ErrNotFound]: a task whose policy keeps
// no result cannot be waited for.
func (c *Client) Wait(ctx context.Context, name Name) (Status, error) {
	s, err := c.system.Queue.Wait(ctx, tasks.Name(name))
	return statusOf(s), err
}

// Cancel ends a task. One that waits never runs. The handler of one that runs is told, and the task
// ends within 10 seconds. To cancel a cancelled task is no error; to cancel one that has ended
// otherwise is, and says how. why, which may be empty, is kept with the task; the audit log has the
// name of this program.
func (c *Client) Cancel(ctx context.Context, name Name, why string) error {
	by := audit.Actor{Name: filepath.Base(os.Args[0]), Via: audit.Program}
	if host, err := os.Hostname(); err == nil {
		by.From = host
	}
	handled, err := c.system.CancelTasks(ctx, []tasks.Name{tasks.Name(name)}, why, by)
	if err != nil {
		return err
	}
	return handled[0].Err
}
