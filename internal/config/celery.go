package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"switchyard/internal/cache"
	"switchyard/internal/tasks"
)

// Celery configures the Celery door: what is taken from the lists of Celery's producers, and what is
// sent to Celery's workers. The names are those of Celery's own settings where it has them.
type Celery struct {
	// Broker is the URL of the Redis that Celery's messages are in; "" is redis.url. Backend is that
	// of the Redis that its results are in; "" is the broker. Neither can be a cluster.
	Broker  string `yaml:"broker,omitempty"`
	Backend string `yaml:"backend,omitempty"`
	// Queues are the queues of Celery that messages are taken from. Without any, nothing is taken.
	Queues []string `yaml:"queues,omitempty"`
	// DefaultQueue is Celery's task_default_queue.
	DefaultQueue string `yaml:"default_queue"`
	// KeyPrefix is global_keyprefix of broker_transport_options. ResultPrefix is what stands before
	// celery-task-meta- in the keys of results, which Celery 5.3 and later make of global_keyprefix of
	// result_backend_transport_options, with _ behind a letter or digit. Celery 5.2 knows none.
	KeyPrefix    string `yaml:"key_prefix,omitempty"`
	ResultPrefix string `yaml:"result_prefix,omitempty"`
	// Separator and PrioritySteps are sep and priority_steps of broker_transport_options: a queue has
	// one list for each step, and that of the first bears the queue's bare name.
	Separator     string `yaml:"separator"`
	PrioritySteps []int  `yaml:"priority_steps"`
	// FanoutPrefix begins the channels of control and events; {db} stands for the database.
	FanoutPrefix string `yaml:"fanout_prefix"`
	// ResultExpires is how long a result is kept; 0: as long as Redis keeps it.
	ResultExpires  time.Duration `yaml:"result_expires"`
	ResultExtended bool          `yaml:"result_extended"`
	TrackStarted   bool          `yaml:"track_started"`
	// PythonSuffix behind the name of a queue makes that of the queue which Celery's workers take what
	// is passed on to them from.
	PythonSuffix string `yaml:"python_suffix"`
	// Events says that events of tasks are published from the start, and not first when Flower or
	// another monitor asks for them.
	Events    bool          `yaml:"events"`
	Heartbeat time.Duration `yaml:"heartbeat"`
	// Routes are the application's task_routes: names of tasks, or a prefix followed by *, and their
	// queues.
	Routes map[string]string `yaml:"routes,omitempty"`
	// Kinds says which kinds are which tasks of Celery.
	Kinds map[string]CeleryKind `yaml:"kinds,omitempty"`
}

// CeleryKind is a kind that is a task of Celery, too.
type CeleryKind struct {
	// Task is its name in Celery; "" is the kind's own.
	Task string `yaml:"task,omitempty"`
	// Args are the names of its positional arguments.
	Args []string `yaml:"args,omitempty"`
	// User is the argument that becomes the payload's user.
	User string `yaml:"user,omitempty"`
	// Input is the argument that becomes the payload's input; * are all that have no other place.
	Input string `yaml:"input,omitempty"`
	// Queue is its queue in Celery; "" leaves that to the routes.
	Queue string `yaml:"queue,omitempty"`
	// Priority is that of messages that are sent from here, as Celery counts: 0 is served first.
	Priority int `yaml:"priority,omitempty"`
	// Share is how much of what is sent is performed here, such as 20%. The rest is passed on. "" is all.
	Share string `yaml:"share,omitempty"`
	// Runtime says who performs it: "" a handler here; celery, a Celery worker that gets each attempt
	// from here; python, a Celery worker that nothing here looks after.
	Runtime string `yaml:"runtime,omitempty"`
}

// The runtimes of a [CeleryKind].
const (
	RuntimeCelery = "celery"
	RuntimePython = "python"
)

// Percent returns the share that is performed here, 0 to 100.
func (k CeleryKind) Percent() (int, error) {
	if k.Share == "" {
		return 100, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(k.Share, "%"))
	if err != nil || n < 0 || n > 100 {
		return 0, fmt.Errorf("share %q: give 0%% to 100%%", k.Share)
	}
	return n, nil
}

// CeleryBroker returns how the Redis of Celery's messages is reached.
func (c Config) CeleryBroker() cache.Options { return c.celeryRedis(c.Celery.Broker) }

// CeleryBackend returns how the Redis of Celery's results is reached.
func (c Config) CeleryBackend() cache.Options {
	return c.celeryRedis(cmp.Or(c.Celery.Backend, c.Celery.Broker))
}

func (c Config) celeryRedis(address string) cache.Options {
	o := c.RedisOptions()
	if address != "" {
		o.URL, o.Password = address, ""
	}
	return o
}

// Performs returns the kinds that Celery's workers perform and nobody here, each with the names of its
// task and its queue.
func (c Celery) Performs() map[string]CeleryKind {
	kinds := make(map[string]CeleryKind)
	for name, k := range c.Kinds {
		if k.Runtime == RuntimePython {
			k.Task = cmp.Or(k.Task, name)
			k.Queue = cmp.Or(k.Queue, c.Route(k.Task))
			kinds[name] = k
		}
	}
	return kinds
}

// Governs returns the kinds whose attempts are sent to Celery's workers from here, each with the names
// of its task and of the queue that only these workers take from.
func (c Celery) Governs() map[string]CeleryKind {
	kinds := make(map[string]CeleryKind)
	for name, k := range c.Kinds {
		if k.Runtime == RuntimeCelery {
			k.Task = cmp.Or(k.Task, name)
			k.Queue = cmp.Or(k.Queue, c.Route(k.Task)) + c.PythonSuffix
			kinds[name] = k
		}
	}
	return kinds
}

// CeleryKeys returns patterns of the keys of Celery that are used on our own Redis.
func (c Config) CeleryKeys() []string {
	d := c.Celery
	if !d.Speaks() {
		return nil
	}
	var keys []string
	if c.CeleryBroker() == c.RedisOptions() {
		for _, queue := range d.lists() {
			keys = append(keys, d.KeyPrefix+queue+"*")
		}
		keys = append(keys, d.KeyPrefix+"_kombu.binding.reply.celery.pidbox*", d.KeyPrefix+"*.reply.celery.pidbox*")
	}
	if c.CeleryBackend() == c.RedisOptions() {
		keys = append(keys, d.ResultPrefix+"celery-task-meta-*", d.ResultPrefix+"celery-taskset-meta-*")
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// lists are the queues of Celery that messages are taken from, passed on to or sent to, by what their
// lists begin with.
func (c Celery) lists() []string {
	all := append(slices.Collect(maps.Values(c.Routes)), c.DefaultQueue)
	for _, k := range c.Kinds {
		all = append(all, k.Queue)
	}
	for _, performed := range []map[string]CeleryKind{c.Performs(), c.Governs()} {
		for _, k := range performed {
			all = append(all, k.Queue)
		}
	}
	all = append(all, c.Queues...)
	return slices.DeleteFunc(all, func(queue string) bool { return queue == "" })
}

// CeleryChannels returns patterns of the channels of Celery that are used on our own Redis.
func (c Config) CeleryChannels() []string {
	d := c.Celery
	if !d.Speaks() {
		return nil
	}
	var channels []string
	if c.CeleryBackend() == c.RedisOptions() {
		channels = append(channels, d.ResultPrefix+"celery-task-meta-*")
	}
	if c.CeleryBroker() == c.RedisOptions() {
		fanout := d.KeyPrefix + strings.ReplaceAll(d.FanoutPrefix, "{db}", "*")
		channels = append(channels, fanout+"celery.pidbox", fanout+"celeryev/*", "__redis__:invalidate")
	}
	return channels
}

// Route returns the queue of a task of Celery: that of the route with its name, or else with the longest
// prefix of it, or else the default one.
func (c Celery) Route(task string) string {
	queue, routed := c.Routed(task)
	if !routed {
		return c.DefaultQueue
	}
	return queue
}

// Routed returns the queue of the route that matches a task, if one does.
func (c Celery) Routed(task string) (queue string, routed bool) {
	matched := -1
	for pattern, to := range c.Routes {
		if pattern == task {
			return to, true
		}
		prefix, wild := strings.CutSuffix(pattern, "*")
		if wild && strings.HasPrefix(task, prefix) && len(prefix) > matched {
			queue, matched = to, len(prefix)
		}
	}
	return queue, matched >= 0
}

// Speaks reports whether anything here has to do with Celery.
func (c Celery) Speaks() bool { return len(c.Queues) > 0 || len(c.Kinds) > 0 }

// checkCelery reports what is wrong with the Celery door.
func (c Config) checkCelery() error {
	d := c.Celery
	var errs []error
	note := func(format string, args ...any) { errs = append(errs, fmt.Errorf("celery."+format, args...)) }
	for key, o := range map[string]cache.Options{"broker": c.CeleryBroker(), "backend": c.CeleryBackend()} {
		if !d.Speaks() || o.URL == "" {
			continue
		}
		o.CAFile, o.CertFile, o.KeyFile = "", "", "" // they are where the daemons run
		if err := o.Check(); err != nil {
			note("%s: %w", key, err)
		} else if u, err := url.Parse(o.URL); err == nil && strings.Contains(u.Scheme, "cluster") {
			note("%s: Celery knows no cluster: give the URL of a single Redis or of a Sentinel", key)
		}
	}
	for _, name := range append(slices.Clone(d.Queues), d.DefaultQueue) {
		if !isListName(name) {
			note("queues %q: give a queue's name, up to 200 bytes that can be printed", name)
		}
	}
	for _, name := range d.Queues {
		if slices.Contains(d.Queues, name+d.PythonSuffix) {
			note("queues %q: %q is where what is taken from %q is passed on: leave it to Celery's workers", name+d.PythonSuffix, name+d.PythonSuffix, name)
		}
	}
	if d.PythonSuffix == "" || !isListName(d.PythonSuffix) {
		note("python_suffix %q: give what makes another name of a queue, such as .py", d.PythonSuffix)
	}
	if d.Separator == "" || len(d.PrioritySteps) == 0 || len(d.PrioritySteps) > 10 || !slices.IsSorted(d.PrioritySteps) || len(slices.Compact(slices.Clone(d.PrioritySteps))) != len(d.PrioritySteps) {
		note("priority_steps %v with separator %q: give 1 to 10 rising numbers and a separator, as Celery has them", d.PrioritySteps, d.Separator)
	}
	if d.ResultExpires < 0 || d.ResultExpires > 0 && d.ResultExpires < time.Second {
		note("result_expires is %s: give a second or more, or 0 to keep results", d.ResultExpires)
	}
	if d.Heartbeat < time.Second || d.Heartbeat > time.Minute {
		note("heartbeat is %s: give 1s to 1m", d.Heartbeat)
	}
	for pattern, queue := range d.Routes {
		if pattern == "" || strings.Contains(strings.TrimSuffix(pattern, "*"), "*") || !isListName(queue) {
			note("routes %q: %q: give a task's name, or a prefix followed by *, and a queue", pattern, queue)
		}
	}
	return errors.Join(append(errs, c.checkCeleryKinds())...)
}

// checkCeleryKinds reports what is wrong with the kinds that are tasks of Celery.
func (c Config) checkCeleryKinds() error {
	var errs []error
	known := map[string]string{}
	for _, kind := range slices.Sorted(maps.Keys(c.Celery.Kinds)) {
		k := c.Celery.Kinds[kind]
		note := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("celery.kinds."+kind+": "+format, args...))
		}
		if err := tasks.CheckKind(kind); err != nil {
			note("%w", err)
		}
		if _, err := k.Percent(); err != nil {
			note("%w", err)
		}
		if !slices.Contains([]string{"", RuntimeCelery, RuntimePython}, k.Runtime) {
			note("runtime %q: use celery or python, or leave it out for a handler here", k.Runtime)
		}
		if k.Runtime == RuntimePython && k.Share != "" {
			note("share %q with runtime python: nothing of it is performed here; leave one out", k.Share)
		}
		if _, agent := c.Agents[strings.TrimPrefix(kind, "agent_")]; k.Runtime == RuntimeCelery && strings.HasPrefix(kind, "agent_") && agent {
			note("runtime celery, and agents has it, too: leave it out of one of them")
		}
		if k.Runtime == RuntimePython && (k.User != "" || k.Input != "") {
			note("user %q and input %q with runtime python: the members of a payload are the arguments; leave both out", k.User, k.Input)
		}
		if k.Priority < 0 || k.Priority > 9 {
			note("priority %d: give 0, which is served first, to 9", k.Priority)
		}
		if k.Task != "" && !isTaskName(k.Task) {
			note("task %q: give the name of a task of Celery, up to 255 bytes that can be printed", k.Task)
		}
		if queue := c.Celery.Governs()[kind].Queue; queue != "" && slices.Contains(c.Celery.Queues, queue) {
			note("its messages go to the queue %q, and celery.queues has that: leave it to Celery's workers", queue)
		}
		if k.Queue != "" && !isListName(k.Queue) {
			note("queue %q: give a queue's name, up to 200 bytes that can be printed", k.Queue)
		}
		task := cmp.Or(k.Task, kind)
		if other, twice := known[task]; twice {
			note("task %q is %s already: give each task one kind", task, other)
		}
		known[task] = kind
		for i, name := range k.Args {
			if name == "" || slices.Contains(k.Args[:i], name) {
				note("args %v: give each position a name of its own", k.Args)
				break
			}
		}
	}
	return errors.Join(errs...)
}

// isTaskName reports whether a text can name a task of Celery.
func isTaskName(name string) bool {
	return len(name) <= 255 && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// isListName reports whether a text can name a queue of Celery.
func isListName(name string) bool {
	return name != "" && len(name) <= 200 && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' })
}

// celery is the door that is shut, with Celery's own defaults.
func celery() Celery {
	return Celery{
		DefaultQueue: "celery", Separator: "\x06\x16", PrioritySteps: []int{0, 3, 6, 9}, FanoutPrefix: "/{db}.",
		ResultExpires: 24 * time.Hour, PythonSuffix: ".py", Heartbeat: 2 * time.Second,
	}
}
