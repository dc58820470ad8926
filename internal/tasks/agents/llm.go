package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
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
	Spent   Spent  `json:"spent"`
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
			return t.brief, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case answer.Stop == llm.Refused:
			return nil, tasks.Permanent(fmt.Errorf("the model refuses: %.300q", answer.Text))
		case answer.Stop == llm.Length:
			return nil, tasks.Permanent(errors.New("the model's answer was cut off at its bound: raise max_tokens of the model, or ask for less"))
		case len(answer.Calls) > 0 && t.brief.Stopped == "":
			if err := t.call(ctx, answer.Calls); err != nil {
				return nil, err
			}
			continue
		}
		wrong, err := t.finish(ctx, answer.Text)
		switch {
		case err != nil:
			return nil, err
		case wrong == nil:
			return t.brief, nil
		}
		if t.wrong++; t.wrong > maxWrong || t.brief.Stopped != "" {
			return nil, tasks.Permanent(fmt.Errorf("the model's answer is not what the agent's definition asks for: %w", wrong))
		}
		t.say(fmt.Sprintf("Your answer cannot be taken: %s. Answer again, with nothing but JSON that follows the schema.", wrong))
	}
}

// maxWrong is how often a model may answer again whose answer could not be taken.
const maxWrong = 2
