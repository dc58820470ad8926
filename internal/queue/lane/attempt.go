package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"switchyard/internal/queue/format"
	"switchyard/internal/redact"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
)

// attempt is one attempt at a task, from taking it to the end of its ending.
type attempt struct {
	lane    *lane
	source  *source
	id      string
	mark    uint32        // the fraction of its lease's score in Redis, which tells whose it is
	waited  time.Duration // since it could run, until it was taken, by Redis's clock; below 0: not known
	losses  int           // how many workers the task was lost with before
	turn    string        // whose turn it takes, "" where there are none
	cancels string        // who has cancelled it before it was taken, "" if nobody has
	awaits  int64         // since when it has waited for a worker that knows it, 0 if it has not

	message *format.Message
	broken  error // why the message in Redis is none of this task
	task    *tasks.Task
	user    string
	policy  tasks.Policy
	kind    *kind
	began   time.Time
	ctx     context.Context
	cancel  context.CancelCauseFunc
	span    trace.Span
	sender  *tasks.Sender // of what its handler sends; nil: it has not begun

	reads   sync.Once
	replyTo json.RawMessage // see envelope

	renewed time.Time // before its renewal was sent; guarded by the mutex of its leases

	mu      sync.Mutex // guards what follows, see limits.go
	limits  limits
	cause   error // what has stopped it
	over    bool  // how it ends is decided
	handled bool  // its handler is called
	kept    bool  // Redis has what is known of it while it runs
}

// newAttempt returns the attempt at a task that a trip has brought, given as id, message, run, and
// for how many ms it has waited; for some a list of that, losses, whose turn it takes, who cancelled
// it, since when it waits for a newer worker.
func (l *lane) newAttempt(t *trip, taken reply) *attempt {
	a := &attempt{lane: l, source: t.source, id: taken.text(0), mark: t.mark, renewed: t.sent}
	waited := taken.number(3)
	if more := taken.texts(3); len(more) == 5 {
		waited, _ = strconv.ParseInt(more[0], 10, 64)
		a.losses, _ = strconv.Atoi(more[1])
		a.turn, a.cancels = more[2], more[3]
		a.awaits, _ = strconv.ParseInt(more[4], 10, 64)
	}
	a.waited = time.Duration(waited) * time.Millisecond
	a.message, a.broken = read(t.source.queue, a.id, taken.text(1))
	m := a.message
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	a.task = &tasks.Task{ID: a.id, Kind: m.Kind, Queue: t.source.queue, Payload: m.Payload, Run: taken.text(2), Attempt: m.Retried + a.losses + 1}
	return a
}

// read returns the message of a task. What cannot be one, or is another task's, becomes one
// that asynqmon can show, and the error says what it was.
func read(queue, id, text string) (*format.Message, error) {
	m, err := format.Decode(text)
	switch {
	case text == "":
		err = errors.New("its message is missing")
	case err != nil:
	case m.ID != id:
		err = fmt.Errorf("its message is that of task %.100q", m.ID)
	case m.Queue != queue:
		err = fmt.Errorf("its message is of queue %.100q", m.Queue)
	case m.Retried < 0:
		err = fmt.Errorf("its message says that it was retried %d times", m.Retried)
	}
	if err == nil {
		return m, nil
	}
	if m == nil {
		m = &format.Message{Kind: "unreadable", Payload: []byte(text)}
	}
	m.ID, m.Queue, m.Retried = id, queue, max(0, m.Retried)
	return m, fmt.Errorf("task cannot be read: %w", err)
}

// perform runs an attempt and has its ending written.
func (l *lane) perform(a *attempt) {
	a.begin()
	value, err := a.handle()
	a.returned(value, err)
}

// begin starts an attempt's span and its counts.
func (a *attempt) begin() {
	a.mu.Lock() // who stops it may be early
	defer a.mu.Unlock()
	a.began = time.Now()
	a.kind = a.source.kind(a.task.Kind)
	if a.kind.unroutable != nil && a.broken == nil {
		a.broken = a.kind.unroutable
	}
	a.policy = a.kind.route.Policy
	a.task.Retention, a.task.Losses, a.task.Deadline = a.policy.Retention, a.losses, a.deadline()
	a.task.SoftLimit, a.task.HardLimit = a.ownLimits()
	a.task.Last = a.message.Retried >= min(a.policy.Retries, a.message.Retry)
	a.user = tasks.UserOf(a.task.Payload)
	a.trace()
	a.ctx = tasks.WithHeld(a.ctx, a.held)
	a.ctx, a.sender = tasks.WithSender(a.ctx, tasks.Name{Queue: a.task.Queue, ID: a.id})
	a.kind.begin()
}

// trace begins the attempt's span, in the trace that its task came with.
func (a *attempt) trace() {
	ctx := telemetry.Extract(a.ctx, a.message.Headers)
	if a.lane.untraced {
		a.ctx, a.span = ctx, trace.SpanFromContext(ctx)
		return
	}
	a.ctx, a.span = telemetry.Begin(ctx, a.lane.Traces, trace.SpanKindConsumer, "process "+a.kind.label,
		telemetry.Performing(a.task.Queue, a.task.Kind, a.id, a.user, a.task.Attempt)...)
}

// handle checks the task and runs its handler within its limits.
func (a *attempt) handle() (any, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if err := a.watch(); err != nil {
		return nil, err
	}
	return a.call(a.tellsRunning(), a.kind.handle)
}

// panicError is the error of an attempt whose handler panicked.
type panicError struct {
	value any
	stack []byte
}

// Error implements error.
func (p *panicError) Error() string { return fmt.Sprintf("handler panicked: %v", p.value) }

// maxStack bounds the stack that is kept with a task, in bytes.
const maxStack = 8 << 10

// stackOf returns the stack of an error that came from a panic, as it is kept; "" of any other.
func stackOf(err error) string {
	var p *panicError
	if !errors.As(err, &p) {
		return ""
	}
	return strings.ToValidUTF8(redact.Process.Text(string(p.stack[:min(len(p.stack), maxStack)])), "")
}

// call runs the handler and turns a panic into an error, its stack into a log line.
func (a *attempt) call(ctx context.Context, handle tasks.Handler) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			stack := debug.Stack()
			a.lane.Log.Error("handler panicked", append(a.fields(), zap.Any("panic", r), zap.ByteString("stack", stack))...)
			err = &panicError{r, stack}
		}
	}()
	return handle(ctx, a.task)
}

// encode returns a handler's value as it is kept.
func (a *attempt) encode(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	result, err := json.Marshal(value)
	if err != nil {
		return nil, tasks.Permanent(fmt.Errorf("encode result of %s: %w", a.task.Kind, err))
	}
	if len(result) > tasks.DefaultMaxPayload {
		return nil, tasks.Permanent(fmt.Errorf("result of %s has %d bytes, at most %d are kept: store the data and return a reference", a.task.Kind, len(result), tasks.DefaultMaxPayload))
	}
	return result, nil
}
