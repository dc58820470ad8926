package monitor

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// readTimeout bounds what one page reads, so that a Redis that hangs gives a page that
// says so.
const readTimeout = 5 * time.Second

// QueueReader tells the sizes of the queues.
type QueueReader interface {
	Queues(ctx context.Context) ([]QueueSize, error)
}

// QueueSize counts the tasks of one queue by their states.
type QueueSize struct {
	Name                              string
	Waiting, Running, Scheduled, Held int
	Retrying                          int // or parked
	Failed                            int // cancelled or expired: in the dead letter
	Paused                            bool
}

// BrakeReader tells who is paused, and for whom a step waits.
type BrakeReader interface {
	// Stopped returns the first so many of them.
	Stopped(ctx context.Context, most int) (Stopped, error)
}

// Stopped is who is paused.
type Stopped struct {
	Everyone string // since when and by whom everyone is, in words; "" if not
	Users    []StoppedUser
	More     int // users beyond those
}

// StoppedUser is a user who is paused, or for whom steps wait.
type StoppedUser struct {
	ID, State string
	Why       string   // since when and by whom, in words; "" if not
	Parked    int64    // tasks
	Waits     []string // tasks and steps that wait for a decision
}

// maxStopped bounds the users that the front page names.
const maxStopped = 50

// link is one place the monitor leads to.
type link struct{ Href, Name, About string }

func (o Options) links() []link {
	links := []link{
		{"/briefings/", "Briefings", "what was written for whom"},
		{"/schedule/", "Schedule", "what runs when, and what ran last"},
		{consolePath + "/", "asynqmon", "queues, tasks, workers and Redis"},
		{"/docs/", "Documentation", "how the system works and how to run it"},
	}
	if o.API != nil {
		links = append(links, link{"/v1/", "HTTP API", "what programs may ask, and how"})
	}
	if o.Metrics != nil {
		links = append(links, link{"/metrics", "Metrics", "counters and durations for Prometheus"})
	}
	if o.Ready != nil {
		links = append(links, link{"/readyz", "Ready", "whether this process can do its work"})
	}
	if o.Health != nil {
		links = append(links, link{"/healthz", "Health", "whether this process runs"})
	}
	return links
}

// maxDoubts bounds the deliveries that the front page names.
const maxDoubts = 20

type frontData struct {
	Doubts     []BriefingDelivery // that wait for a person
	Stopped    Stopped
	BrakeKnown bool // false: there is no notice, or the brakes cannot be read now
	HasBrake   bool
	HasQueues  bool // false: this monitor shows no summary
	Known      bool // false: the queues cannot be read now
	Queues     []QueueSize
}

func (h *Handler) front(w http.ResponseWriter, r *http.Request) {
	only := CallerOf(r).User // the summaries are about all users
	data := frontData{HasQueues: h.queues != nil && only == "", HasBrake: h.brake != nil && only == ""}
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	if data.HasBrake {
		stopped, err := h.brake.Stopped(ctx, maxStopped)
		if err != nil {
			h.log.Error("monitor cannot read the brakes", zap.Error(err))
		}
		data.Stopped, data.BrakeKnown = stopped, err == nil
	}
	doubts, err := h.briefings.Doubts(ctx, only, maxDoubts)
	if err != nil {
		h.log.Error("monitor cannot read the deliveries that wait for a person", zap.Error(err))
	}
	data.Doubts = doubts
	if data.HasQueues {
		queues, err := h.queues.Queues(ctx)
		if err != nil {
			h.log.Error("monitor cannot read the queues", zap.Error(err))
		}
		data.Queues, data.Known = queues, err == nil
	}
	h.show(w, http.StatusOK, "front", "Switchyard", data)
}
