package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/llm"
	"switchyard/internal/redact"
	"switchyard/internal/telemetry"
)

// call calls the tools that the model asked for, one after the other, and adds what they
// brought to the conversation.
func (t *talk) call(ctx context.Context, calls []llm.Call) error {
	var results []llm.Result
	for i, c := range calls {
		result := llm.Result{Call: c.ID}
		if t.brief.Spent.Calls >= t.budget.Calls {
			result.Text, result.Failed = "not called: the budget of tool calls is used up", true
			results = append(results, result)
			continue
		}
		t.brief.Spent.Calls++
		text, err := t.callOne(ctx, fmt.Sprintf("%d.%d", t.asked, i+1), c)
		var refused *toolError
		switch {
		case errors.As(err, &refused):
			result.Text, result.Failed = asData(c.Name, refused.Error()), true
		case err != nil:
			return err
		default:
			result.Text = asData(c.Name, text)
			t.keepFinding(c)
		}
		results = append(results, result)
	}
	t.turns = append(t.turns, llm.Turn{Results: results})
	return nil
}

// called is the journal's record of a call.
type called struct {
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
	// Seconds is how long it took, for the budget: kept, so that each attempt counts the same.
	Seconds float64 `json:"seconds,omitempty"`
}

// callOne calls a tool, as a step of the journal; number tells the call from the others. A
// call that the agent may not make, or that is malformed, is none.
func (t *talk) callOne(ctx context.Context, number string, c llm.Call) (string, error) {
	tool, err := t.find(c.Name)
	if err != nil {
		return "", err
	}
	arguments, err := c.Object()
	if err != nil {
		return "", refuse("not called: the arguments have to be one JSON object, but %v. You wrote %.200q: call it again, with all of the arguments", err, c.Arguments)
	}
	c.Arguments = string(arguments)
	step, effect := stepName("tool "+number+" "+c.Name), tool.Effect()
	if t.needsApproval(c.Name) {
		effect = true
		if err := t.run.Journal.Approval(ctx, step, json.RawMessage(c.Arguments)); err != nil {
			return "", err
		}
	}
	raw, err := t.run.Journal.Do(ctx, step, effect, func(ctx context.Context) (json.RawMessage, error) {
		return t.callTraced(ctx, tool, t.run.Task.Run+"-"+number, c)
	})
	if err != nil {
		return "", err
	}
	var done called
	if len(raw) == 0 {
		return "", refuse("not done: a person has decided so")
	}
	known := json.Unmarshal(raw, &done) == nil && done != called{}
	if !known { // a person has said what it brought
		return string(raw), nil
	}
	t.brief.Spent.Seconds += done.Seconds
	if done.Failed {
		return "", refuse("%s", done.Text)
	}
	return done.Text, nil
}

// callTraced calls a tool in a span, and returns the journal's record of the call.
func (t *talk) callTraced(ctx context.Context, tool Tool, id string, c llm.Call) (json.RawMessage, error) {
	ctx, span := telemetry.Start(ctx, trace.SpanKindInternal, "execute_tool "+c.Name, telemetry.Tool(c.Name, c.ID)...)
	began := time.Now()
	within, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	text, err := tool.Call(within, t.run, id, json.RawMessage(c.Arguments))
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		err = refuse("no result within %s", toolWithin)
	}
	record := called{Text: cutText(redact.Process.Text(text), maxToolResult), Seconds: time.Since(began).Seconds()}
	if telemetry.HasContent(ctx) {
		span.SetAttributes(telemetry.Arguments(c.Arguments), telemetry.Result(record.Text))
	}
	var refused *toolError
	class := classOf(err)
	if errors.As(err, &refused) {
		class, record.Text, record.Failed = "refused", redact.Process.Text(refused.text), true
	}
	telemetry.End(ctx, span, err, class)
	if err != nil && refused == nil {
		return nil, err
	}
	return json.Marshal(record)
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
	return slices.ContainsFunc(t.run.Definition.Approve, func(listed string) bool {
		return notInNames.ReplaceAllString(listed, "_") == name
	})
}

// keepFinding keeps what the model has written down in the run's result.
func (t *talk) keepFinding(c llm.Call) {
	if c.Name == FindingTool {
		t.brief.Findings = append(t.brief.Findings, json.RawMessage(c.Arguments))
	}
}
