package mailbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.uber.org/zap"
)

// done is the answer to what was obeyed, refused to what was not, both as Celery's workers give them.
type (
	done struct {
		OK string `json:"ok"`
	}
	refused struct {
		Error string `json:"error"`
	}
)

// command performs a command and returns the answer.
type command func(*Node, context.Context, arguments) (any, error)

// commands are those that are answered or obeyed, under all the names that clients give them.
var commands = map[string]command{
	"ping": func(*Node, context.Context, arguments) (any, error) { return done{"pong"}, nil },
	"clock": func(n *Node, _ context.Context, _ arguments) (any, error) {
		return map[string]int64{"clock": n.events.clock.next()}, nil
	},
	"hello":          (*Node).hello,
	"active":         (*Node).active,
	"dump_active":    (*Node).active,
	"reserved":       (*Node).reserved,
	"dump_reserved":  (*Node).reserved,
	"scheduled":      (*Node).scheduled,
	"dump_schedule":  (*Node).scheduled,
	"query_task":     (*Node).queryTask,
	"revoked":        (*Node).revoked,
	"dump_revoked":   (*Node).revoked,
	"registered":     (*Node).registered,
	"dump_tasks":     (*Node).registered,
	"conf":           (*Node).conf,
	"dump_conf":      (*Node).conf,
	"stats":          (*Node).stats,
	"active_queues":  (*Node).activeQueues,
	"revoke":         (*Node).revoke,
	"terminate":      (*Node).terminate,
	"enable_events":  (*Node).enableEvents,
	"disable_events": (*Node).disableEvents,
	"heartbeat":      (*Node).heartbeat,
	// Nodes elect who calls a task. None is elected here, so none answers.
	"election": func(*Node, context.Context, arguments) (any, error) { return nil, nil },
}

// perform does what a request asks for and returns the answer.
func (n *Node) perform(ctx context.Context, r request) any {
	if instead, known := refusals[r.Method]; known {
		asker := "nobody who waits for an answer"
		if r.ReplyTo != nil {
			asker = r.ReplyTo.RoutingKey
		}
		n.once(r.Method, "a command of Celery was refused", zap.String("command", r.Method), zap.String("asked_by", asker), zap.String("instead", instead))
		return refused{r.Method + " is not obeyed by Switchyard: " + instead}
	}
	perform, known := commands[r.Method]
	if !known {
		n.log.Debug("a command of Celery is unknown", zap.String("command", r.Method))
		return refused{fmt.Sprintf("KeyError('%s')", strings.ReplaceAll(r.Method, "'", `\'`))}
	}
	answer, err := perform(n, ctx, r.Arguments)
	if failure := (*failure)(nil); errors.As(err, &failure) {
		n.once(r.Method, "a command of Celery failed", zap.String("command", r.Method), zap.Error(failure.error))
		return refused{r.Method + " failed: the log of " + n.events.Name + " says why"}
	}
	if err != nil {
		return refused{r.Method + ": " + err.Error()}
	}
	return answer
}

// failure is an error of the worker, whose words may name servers; all others are of the request.
type failure struct{ error }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}

// hello answers a worker that starts. What it should know to be revoked, it has no time to learn from
// here: the times of Celery's sets are those of one machine.
func (n *Node) hello(_ context.Context, a arguments) (any, error) {
	var from string
	if err := a.read("from_node", &from); err != nil || from == n.events.Name {
		return nil, err
	}
	return map[string]any{"revoked": map[string]any{}, "clock": n.events.clock.next()}, nil
}

// heartbeat is asked for by monitors that start.
func (n *Node) heartbeat(context.Context, arguments) (any, error) {
	n.events.beat()
	return nil, nil
}

func (n *Node) enableEvents(context.Context, arguments) (any, error) {
	if n.events.enable(true) {
		return done{"task events enabled"}, nil
	}
	return done{"task events already enabled"}, nil
}

func (n *Node) disableEvents(context.Context, arguments) (any, error) {
	if n.events.enable(false) {
		return done{"task events disabled"}, nil
	}
	return done{"task events already disabled"}, nil
}
