package broker

import (
	"slices"
	"strconv"
	"strings"
)

// Names tells how kombu names its keys and channels in Redis. The fields are those of
// broker_transport_options.
type Names struct {
	KeyPrefix string // global_keyprefix
	Separator string // sep
	// Steps are priority_steps, rising. A queue has one list for each; that of the first has its bare
	// name, and all others are served after it.
	Steps []int
	// FanoutPrefix begins the channels of a broadcast; {db} stands for DB.
	FanoutPrefix string
	DB           int
}

// Lists returns the lists of a queue in the order in which they are served.
func (n Names) Lists(queue string) []string {
	lists := make([]string, len(n.Steps))
	for i, step := range n.Steps {
		lists[i] = n.list(queue, step)
	}
	return lists
}

// List returns the list that a message of a priority goes to: that of the highest step which is not
// above it.
func (n Names) List(queue string, priority int) string {
	i, found := slices.BinarySearch(n.Steps, priority)
	if !found {
		i = max(0, i-1)
	}
	return n.list(queue, n.Steps[i])
}

func (n Names) list(queue string, step int) string {
	if step == 0 {
		return n.KeyPrefix + queue
	}
	return n.KeyPrefix + queue + n.Separator + strconv.Itoa(step)
}

// Fanout returns the channel of a broadcast exchange, such as /0.celery.pidbox.
func (n Names) Fanout(exchange string) string {
	return n.KeyPrefix + strings.ReplaceAll(n.FanoutPrefix, "{db}", strconv.Itoa(n.DB)) + exchange
}

// Binding returns the set of the queues that are bound to an exchange.
func (n Names) Binding(exchange string) string { return n.KeyPrefix + "_kombu.binding." + exchange }
