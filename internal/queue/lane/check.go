package lane

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"switchyard/internal/queue/format"
	"switchyard/internal/tasks"
)

// check reports why the task is not performed.
func (a *attempt) check() error {
	switch {
	case a.broken != nil:
		return tasks.Permanent(a.broken)
	case a.cancels != "":
		return cancelledBy(a.cancels)
	case a.losses > a.policy.Losses:
		return tasks.Permanent(fmt.Errorf("poison: lost with its worker %d times, the policy runs it again at most %d times: see what it does to its worker before you run it again", a.losses, a.policy.Losses))
	}
	if a.kind.unknown != nil {
		return &awaitingError{a.kind.unknown}
	}
	// The version comes first: a later shape is not a bad payload.
	if version, ok := a.message.Headers[format.VersionHeader]; ok && a.kind.version > 0 {
		if n, err := strconv.Atoi(version); err != nil || n > a.kind.version {
			return &awaitingError{fmt.Errorf("%s: payload version %.40s is later than this worker's %d: upgrade the workers", a.task.Kind, version, a.kind.version)}
		}
	}
	if err := a.lane.Catalog.CheckSize(a.task.Kind, a.task.Payload); err != nil {
		return tasks.Permanent(err)
	}
	return a.checkExpiry()
}

// checkExpiry reports why a task is not begun any more. What was begun is brought to its
// end, however late its retries are, unless it has a deadline.
func (a *attempt) checkExpiry() error {
	if deadline := a.deadline(); !deadline.IsZero() && !a.began.Before(deadline) {
		return pastDeadline(deadline)
	}
	header := a.message.Headers[format.ExpiresHeader]
	if header == "" || a.task.Attempt > 1 {
		return nil
	}
	seconds, err := strconv.ParseFloat(header, 64)
	if err != nil || math.Abs(seconds) > lastDeadline {
		return tasks.Permanent(fmt.Errorf("header %s %.40q is not a Unix time in seconds", format.ExpiresHeader, header))
	}
	ms := int64(math.Floor(seconds * 1000))
	if exact, err := strconv.ParseInt(a.message.Headers[format.ExactHeader], 10, 64); err == nil && exact <= ms && ms-exact < 1000 {
		ms = exact
	}
	if expires := time.UnixMilli(ms).UTC(); !a.began.Before(expires) {
		return fmt.Errorf("%w before it was begun: it could wait until %s", tasks.ErrExpired, expires.Format(time.RFC3339Nano))
	}
	return nil
}

// lastDeadline is the end of the last year that has four digits; what is beyond it is none.
const lastDeadline = 253402300799

// deadline returns by when the task must be done, zero for never.
func (a *attempt) deadline() time.Time {
	if at := a.message.Deadline; at > 0 && at <= lastDeadline {
		return time.Unix(at, 0)
	}
	return time.Time{}
}

func pastDeadline(deadline time.Time) error {
	return fmt.Errorf("%w: its deadline %s has passed", tasks.ErrExpired, deadline.UTC().Format(time.RFC3339))
}
