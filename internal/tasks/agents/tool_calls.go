package agents

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/journal"
	"switchyard/internal/llm"
	"switchyard/internal/redact"
	"switchyard/internal/telemetry"
)

// call calls the tools that the model asked for, and adds what they brought to the
// conversation, in the order in which it asked.
func (t *talk) call(ctx context.Context, calls []llm.Call) error {
	allowed := max(0, min(len(calls), t.budget.Calls-t.brief.Spent.Calls))
	t.brief.Spent.Calls += allowed
	made := make([]called, len(calls))
	for i := 0; i < allowed; {
		n := t.together(calls[i:allowed])
		if err := t.callTogether(ctx, i, calls[i:i+n], made[i:i+n]); err != nil {
			return err
		}
		i += n
	}
	for i := allowed; i < len(calls); i++ {
		made[i] = called{Text: "not called: the budget of tool calls is used up", Failed: true}
	}
	t.hear(calls, made)
	return t.refresh(ctx)
}

// hear adds to the conversation what calls have brought.
func (t *talk) hear(calls []llm.Call, made []called) {
	var results []llm.Result
	for i, c := range calls {
		t.brief.Spent.Seconds += made[i].Seconds
		if !made[i].Failed {
			t.keepFinding(c)
		}
		results = append(results, llm.Result{Call: c.ID, Text: asData(c.Name, made[i].Text), Failed: made[i].Failed})
	}
	t.turns = append(t.turns, llm.Turn{Results: results})
}

// called is the journal's record of a call.
type called struct {
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
	// Seconds is how long it took, for the budget: kept, so that each attempt counts the same.
	Seconds float64 `json:"seconds,omitempty"`
}

// callOne calls a tool, as a step of the journal that keeps its place among others; number
// tells the call from the others. A call that the agent may not make, or that is malformed, is
// none. One whose effect is in doubt is an error, and waits for a person.
func (t *talk) callOne(ctx context.Context, place *place, number string, c llm.Call) (called, error) {
	tool, err := t.find(c.Name)
	if err != nil {
		return refused(err), nil
	}
	arguments, err := c.Object()
	if err != nil {
		return refused(refuse("not called: the arguments have to be one JSON object, but %v. You wrote %.200q: call it again, with all of the arguments", err, c.Arguments)), nil
	}
	c.Arguments = string(arguments)
	step, effect := stepName(toolStep+number+" "+c.Name), t.isAlone(c.Name)
	if t.needsApproval(c.Name) {
		if err := t.run.Journal.Approval(ctx, step, json.RawMessage(c.Arguments)); err != nil {
			return called{}, err
		}
	}
	raw, err := t.run.Journal.Do(ctx, step, effect, func(ctx context.Context) (json.RawMessage, error) {
		place.begins()
		record, err := t.callTraced(ctx, tool, effect, t.run.Task.Run+"-"+number, c)
		if err == nil {
			place.awaitEnds()
		}
		return record, err
	})
	if err != nil {
		return called{}, err
	}
	var done called
	if len(raw) == 0 {
		return refused(refuse("not done: a person has decided so")), nil
	}
	if known := json.Unmarshal(raw, &done) == nil && done != (called{}); !known {
		return called{Text: string(raw)}, nil // a person has said what it brought
	}
	return done, nil
}

// refused is the record of a call that was not made.
func refused(err error) called { return called{Text: err.Error(), Failed: true} }

// callTraced calls a tool in a span, and returns the journal's record of the call.
func (t *talk) callTraced(ctx context.Context, tool Tool, effect bool, id string, c llm.Call) (json.RawMessage, error) {
	ctx, span := telemetry.Start(ctx, trace.SpanKindInternal, "execute_tool "+c.Name, telemetry.Tool(c.Name, c.ID)...)
	began := time.Now()
	text, err := tool.Call(ctx, t.run, id, json.RawMessage(c.Arguments))
	record := called{Text: cutText(redact.Process.Text(text), maxToolResult), Seconds: time.Since(began).Seconds()}
	if telemetry.HasContent(ctx) {
		span.SetAttributes(telemetry.Arguments(c.Arguments), telemetry.Result(record.Text))
	}
	told, class := tells(ctx, err, effect), classOf(err)
	if told != "" {
		class, record.Text, record.Failed = "refused", cutText(redact.Process.Text(told), maxToolResult), true
	}
	telemetry.End(ctx, span, err, class)
	switch {
	case err == nil, told != "":
		return json.Marshal(record)
	case effect && errors.As(err, new(unsentError)):
		return nil, journal.NotDone(err)
	}
	return nil, err
}

// find returns a tool that the agent has been given.
func (t *talk) find(name string) (Tool, error) {
	var names []string
	for _, tool := range t.tools {
		own := tool.Describe().Name
		if own == name {
			return tool, nil
		}
		names = append(names, own)
	}
	return nil, refuse("there is no tool %.64q: you have %s", name, strings.Join(names, ", "))
}

// needsApproval reports whether the definition has a person approve of each call of a tool,
// which is named as the model knows it.
func (t *talk) needsApproval(name string) bool {
	return slices.ContainsFunc(t.run.Definition.Approve, func(listed string) bool { return modelName(listed) == name })
}

// keepFinding keeps what the model has written down in the run's result.
func (t *talk) keepFinding(c llm.Call) {
	if c.Name == FindingTool {
		t.brief.Findings = append(t.brief.Findings, json.RawMessage(c.Arguments))
	}
}
