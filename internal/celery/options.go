package celery

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/celery/broker"
	"switchyard/internal/tasks"
)

// Options say how the application on the other side of the door is configured.
type Options struct {
	// Queues are those of Celery that messages are taken from.
	Queues []string
	// DefaultQueue takes what nothing routes.
	DefaultQueue string
	// Routes are queues by the names of tasks, or by what these begin with, followed by *. Route goes by
	// them.
	Routes map[string]string
	Route  func(task string) (queue string)
	// PythonSuffix makes of a queue's name that of the queue of the remaining Celery workers.
	PythonSuffix string
	// Kinds are what is performed here, by the names that tasks have in Celery.
	Kinds map[string]Kind
	// ResultPrefix begins the keys of results, and ResultExpires says how long they are kept; 0: until
	// somebody deletes them.
	ResultPrefix  string
	ResultExpires time.Duration
	// ResultExtended has results tell the name and the arguments of their tasks, TrackStarted that an
	// attempt runs.
	ResultExtended, TrackStarted bool
	// MaxMessage bounds a message, decompressed, in bytes.
	MaxMessage int
	// Node is the name of this worker among Celery's, and Slots how many tasks of each of our queues it
	// performs at once.
	Node  string
	Slots map[string]int
	// Version is the release of this program. Events of tasks are published from the start with Events,
	// and else once a monitor asks for them; a heartbeat is, at all times.
	Version   string
	Events    bool
	Heartbeat time.Duration
}

// Kind is a kind that tasks of Celery become.
type Kind struct {
	Name string
	// Queue is where its tasks are performed here.
	Queue string
	// CeleryQueue is where its messages are sent.
	CeleryQueue string
	// Args are the names of its positional arguments.
	Args []string
	// User is the argument that becomes the payload's user, Input the one that becomes its input; *
	// are all others.
	User, Input string
	// Percent is how much of what is sent is performed here.
	Percent int
}

// Queue is where tasks are added.
type Queue interface {
	// EnqueueMany adds tasks and returns what became of each, in their order.
	EnqueueMany(ctx context.Context, all []tasks.New) []tasks.Added
}

// Deps are what a door works with.
type Deps struct {
	// Redis is Switchyard's own, with keys that begin with Prefix, Broker that of Celery's messages,
	// Backend that of its results. They may all be the same.
	Redis   redis.UniversalClient
	Prefix  string
	Broker  *broker.Broker
	Backend redis.UniversalClient
	Queue   Queue
	Tasks   Tasks
	// Running returns the tasks that this worker runs, of those that carry what [tasks.Reply] needs.
	Running func() []tasks.Reply
	// OurQueues are all queues whose replies are told.
	OurQueues []string
	Metrics   *Metrics
	Log       *zap.Logger
}
