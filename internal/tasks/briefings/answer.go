package briefings

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

func agentKind(agent string) string { return "agent_" + agent }

// mostWait is how old a briefing may become while its agent waits for a slot: after that the newest
// pages at last serve its reader better than a ranking at some time.
const mostWait = 6 * time.Hour

// waitsForSlot reports whether a task has never begun, because others stand before it. Its agent
// is not slow, and patience with it begins when it does.
func waitsForSlot(s tasks.Status) bool {
	return (s.State == tasks.StateWaiting || s.State == tasks.StateHeld) && s.Run == ""
}

// answer reads what an agent has answered in a task into v, which was asked for at that time. The
// reason says why that cannot be done, of what it was asked for. The error postpones the briefing
// while the task waits for a slot; its end wakes the briefing.
func (h *Handlers) answer(ctx context.Context, agent, task, what string, asked time.Time, v any) (reason string, err error) {
	status, found, err := h.Results.StatusByKind(ctx, agentKind(agent), task)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s task %s: %w", what, task, err)
	case !found:
		return "The " + what + " was not kept", nil
	case waitsForSlot(status) && h.Now().Sub(asked) < mostWait:
		return "", tasks.Postponed(h.Options.Patience, "the "+what+" waits for a worker: task "+task)
	case status.State.Ended() && status.State != tasks.StateSucceeded:
		return "The " + what + " failed", nil
	case len(status.Result) == 0:
		return "The " + what + " did not finish in time", nil
	}
	output, unanswered := outputOf(status.Result)
	switch {
	case unanswered:
		reason = "The " + what + " was not brought to its end"
	case json.Unmarshal(output, v) != nil:
		reason = "The " + what + " could not be read"
	}
	return reason, nil
}

// outputOf returns what an agent has answered: a language model's answer stands in the field
// "output" of its result, beside what it has spent. unanswered says that it has none, since its
// budget was used up before.
func outputOf(result []byte) (output []byte, unanswered bool) {
	var model struct {
		Output     json.RawMessage `json:"output"`
		Unanswered string          `json:"unanswered"`
	}
	switch {
	case json.Unmarshal(result, &model) != nil:
	case model.Output != nil:
		return model.Output, false
	case model.Unanswered != "":
		return nil, true
	}
	return result, false
}
