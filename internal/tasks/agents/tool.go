package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"switchyard/internal/journal"
	"switchyard/internal/llm"
)

// Tool is something that a model may call, if its agent's definition names it.
type Tool interface {
	// Describe tells a model of the tool.
	Describe() llm.Tool
	// Effect reports whether a call acts on the world outside, and must not be made twice.
	Effect() bool
	// Call calls the tool for a run, within bounds of its own. id names the call, the same in each attempt. Arguments
	// are a JSON object that the model wrote. An error of a call that was refused, or has
	// surely not been made, is told to the model, as is one of unknown outcome unless the
	// tool has an effect. Any other says what is to become of the task.
	Call(ctx context.Context, run Run, id string, arguments json.RawMessage) (string, error)
}

const (
	// toolWithin bounds a call of a tool for which nothing else is said.
	toolWithin = time.Minute
	// maxToolResult bounds what a model is told of a call, in bytes.
	maxToolResult = 20_000
)

// toolsOf returns the tools of a run. What MCP servers say of theirs is a step of the
// journal, so that the model is told the same in each attempt.
func (l *LLM) toolsOf(ctx context.Context, run Run, visit *visit) ([]Tool, error) {
	var tools []Tool
	for _, name := range run.Definition.Tools {
		if _, _, remote := splitRemote(name); !remote {
			tools = append(tools, l.Tools[name])
			continue
		}
		t := visit.tool(name)
		step := stepName("describe " + name)
		raw, err := run.Journal.Do(ctx, step, false, func(ctx context.Context) (json.RawMessage, error) {
			d, err := t.ask(ctx)
			if err != nil {
				return nil, err
			}
			return json.Marshal(d)
		})
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &t.described); err != nil {
			return nil, fmt.Errorf("the journal's step %s: %w", step, err)
		}
		tools = append(tools, t)
	}
	return tools, nil
}

// stepName is a step's name as the journal takes it.
func stepName(step string) string { return cutText(step, journal.MaxName) }

// dataMark is what a text may hold that looks like the end, or another begin, of its marks.
var dataMark = regexp.MustCompile(`(?i)<(\s*/?\s*data)`)

// asData marks a text as what it is to the model: something to read.
func asData(source, text string) string {
	return fmt.Sprintf("<data source=%q>\n%s\n</data>", source, dataMark.ReplaceAllString(text, `<\$1`))
}

// cutText cuts a text to so many bytes, between characters, and says so.
func cutText(text string, size int) string {
	const more = "…"
	if len(text) <= size {
		return text
	}
	cut := size - len(more)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + more
}
