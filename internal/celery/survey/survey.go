// Package survey looks at a broker of Celery without taking from it, and says what the Celery door makes
// of what is there.
package survey

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	door "switchyard/internal/celery"
	"switchyard/internal/celery/broker"
	"switchyard/internal/tasks"
)

// Subject is what is looked at, and how the door there is configured.
type Subject struct {
	door.Options
	// Redis is Switchyard's own, with keys that begin with Prefix.
	Redis   redis.UniversalClient
	Prefix  string
	Broker  *broker.Broker
	Backend redis.UniversalClient
	// Check reports why a kind refuses a payload.
	Check func(kind string, payload []byte) error
}

// Report is what was found.
type Report struct {
	Lists   []List   `json:"lists"`
	Found   []Found  `json:"found"`
	Workers []Worker `json:"workers"`
	OnDuty  string   `json:"on_duty,omitempty"`
	// Unacked is how many messages Celery's workers have and have not acknowledged.
	Unacked int64 `json:"unacked"`
	// Remarks are what is to be known, Wrong is what loses tasks or leaves them lying.
	Remarks []string `json:"remarks"`
	Wrong   []string `json:"wrong"`
}

// List is a list of messages that is not empty.
type List struct {
	Queue string `json:"queue"`
	Key   string `json:"key"`
	Size  int64  `json:"size"`
	// Seen is how many of its messages were looked at, those that are served next.
	Seen int `json:"seen"`
}

// Found is what was seen of a task in a queue.
type Found struct {
	Queue string `json:"queue"`
	Task  string `json:"task"`
	Seen  int    `json:"seen"`
	Fate  string `json:"fate"`
	// Why is the reason of an example, if a message is refused.
	Why string `json:"why,omitempty"`

	kind   string // that it is here
	passed bool
}

// Worker is a node that answers on the channel of control.
type Worker struct {
	Name   string   `json:"name"`
	Queues []string `json:"queues"`

	knows map[string]bool // the tasks that are registered there, nil if it does not say
}

// survey is one look.
type survey struct {
	Subject
	Report
	queues   []string // that are known, those of the configuration first
	silent   bool     // the nodes could not be asked
	messages []sample
}

// Look looks at the broker. An error says that it does not answer.
func Look(ctx context.Context, s Subject) (Report, error) {
	all := &survey{Subject: s, Report: Report{Lists: []List{}, Found: []Found{}, Workers: []Worker{}, Remarks: []string{}, Wrong: []string{}}}
	if err := s.Broker.Redis.Ping(ctx).Err(); err != nil {
		return all.Report, fmt.Errorf("the broker of Celery: %w", err)
	}
	all.ask(ctx)
	for _, step := range []func(context.Context) error{all.findQueues, all.findLists, all.findUnacked, all.findLeft} {
		if err := step(ctx); err != nil {
			return all.Report, err
		}
	}
	all.foresee(time.Now())
	all.judge()
	if err := s.Backend.Ping(ctx).Err(); err != nil {
		all.wrong("the result backend does not answer, so clients wait for results in vain: %v: see to celery.backend", err)
	}
	return all.Report, nil
}

func (s *survey) remark(format string, args ...any) {
	s.Remarks = append(s.Remarks, fmt.Sprintf(format, args...))
}

func (s *survey) wrong(format string, args ...any) {
	s.Wrong = append(s.Wrong, fmt.Sprintf(format, args...))
}

// payloadOf returns the payload of a task that a message would become.
func payloadOf(n tasks.New) []byte {
	raw, _ := n.Args.(tasks.Raw) // as the door makes them
	return raw.Payload
}
