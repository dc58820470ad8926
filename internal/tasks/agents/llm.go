package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"switchyard/internal/llm"
)

// LLM is the runtime "llm": a language model that is asked again and again, with the results
// of the tools it called, until it gives an answer or its budget is used up. Each answer of
// the model and each call of a tool is a step of the run's journal: what was answered is not
// paid for again, and the conversation is the same in each attempt.
type LLM struct {
	// Models are those that definitions may name.
	Models map[string]llm.Priced
	// Tools are those that definitions may name.
	Tools map[string]Tool
	// Documents are what answers cite.
	Documents DocumentStore
	// Servers are the MCP servers whose tools definitions may name, as server.tool. Client
	// calls those that are services.
	Servers map[string]Server
	Client  *http.Client
	// Book keeps what users spend in a day, and within their limit.
	Book Book
	// Tell is as for [Exec].
	Tell func(ctx context.Context, run Run, progress []byte) error
	// Sleep waits before a model is asked again, or until ctx ends.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Brief is the result of a run of [LLM].
type Brief struct {
	// Text is the model's last answer, and Output what it holds if the definition has a
	// schema.
	Text   string          `json:"text,omitempty"`
	Output json.RawMessage `json:"output,omitempty"`
	// Findings are what the model has written down with the tool write_finding.
	Findings []json.RawMessage `json:"findings,omitempty"`
	// Sources are the documents that the answer cites, if its citations are checked.
	Sources []Source `json:"sources,omitempty"`
	// Stopped names the part of the budget that was used up, if one was: the answer is then
	// what the model could say by that time.
	Stopped string `json:"stopped,omitempty"`
	// Unanswered says why there is no last word of the model that can be taken, if there is
	// none: Text is then what was found by that time, and there is no Output.
	Unanswered string `json:"unanswered,omitempty"`
	Spent      Spent  `json:"spent"`
}

// Run implements [Runtime].
func (l *LLM) Run(ctx context.Context, run Run) (any, error) {
	visit := newVisit(ctx, l.Servers, l.Client)
	defer visit.close()
	t, err := l.newTalk(ctx, run, visit)
	if err != nil {
		return nil, err
	}
	for {
		t.brief.Stopped = t.budget.reached(t.brief.Spent)
		answer, err := t.ask(ctx)
		if part := daySpent(err); part != "" {
			t.brief.Stopped = part
			return t.endWithFound("there was no room for another answer"), nil
		}
		if t.isLast() && isRefusedRequest(err) {
			return t.endWithFound(fmt.Sprintf("the model could not be asked for its last word: %v", err)), nil
		}
		if err != nil {
			return nil, err
		}
		if ended, err := t.take(ctx, answer); err != nil {
			return nil, err
		} else if ended {
			return t.brief, nil
		}
	}
}
