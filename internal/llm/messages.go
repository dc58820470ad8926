package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/anthropics/anthropic-sdk-go/packages/param"
)

// messages is a model behind Anthropic's messages.
type messages struct{ wire }

// anthropicURL is where Anthropic serves its models.
const anthropicURL = "https://api.anthropic.com"

// Ask implements [Model].
func (m messages) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	key, err := m.key()
	if err != nil {
		return Answer{}, err
	}
	options := []option.RequestOption{
		option.WithHTTPClient(m.client), option.WithMaxRetries(0), option.WithBaseURL(cmp.Or(m.BaseURL, anthropicURL)),
	}
	if key != "" {
		options = append(options, option.WithAPIKey(key))
	}
	params, err := m.params(r)
	if err != nil {
		return Answer{}, err
	}
	service := anthropic.NewMessageService(options...)
	stream := service.NewStreaming(ctx, params)
	defer func() { _ = stream.Close() }()
	var all anthropic.Message
	for stream.Next() {
		event := stream.Current()
		if err := all.Accumulate(event); err != nil {
			return Answer{}, &Error{Class: Broken, Err: fmt.Errorf("the pieces of the answer do not fit together: %w", err)}
		}
		if event.Type == "content_block_delta" && event.Delta.Text != "" {
			told(event.Delta.Text)
		}
	}
	if err := stream.Err(); err != nil {
		return Answer{}, anthropicError(ctx, err)
	}
	if all.StopReason == "" {
		return Answer{}, &Error{Class: Broken, Err: errCut}
	}
	return m.answer(all), nil
}

// anthropicError says what kind of failure an error of Anthropic's client is.
func anthropicError(ctx context.Context, err error) error {
	var inside *anthropic.Error
	if errors.As(err, &inside) {
		return brokenOff([]byte(inside.RawJSON()))
	}
	return failed(ctx, err)
}

// params spells a request.
func (m messages) params(r Request) (anthropic.MessageNewParams, error) {
	p := anthropic.MessageNewParams{Model: m.Model, MaxTokens: int64(cmp.Or(r.MaxTokens, DefaultMaxTokens))}
	if r.Instructions != "" {
		p.System = []anthropic.TextBlockParam{{Text: r.Instructions}}
	}
	for _, t := range r.Turns {
		p.Messages = append(p.Messages, anthropicMessage(t))
	}
	for _, tool := range r.Tools {
		schema, err := object(tool.Schema)
		if err != nil {
			return p, fmt.Errorf("tool %s: %w", tool.Name, err)
		}
		delete(schema, "type") // an object it is in any case
		p.Tools = append(p.Tools, anthropic.ToolUnionParam{OfTool: &anthropic.ToolParam{
			Name: tool.Name, Description: param.NewOpt(tool.Description), InputSchema: anthropic.ToolInputSchemaParam{ExtraFields: schema},
		}})
	}
	if r.Schema != nil {
		schema, err := object(r.Schema)
		if err != nil {
			return p, errors.Join(errors.New("the final answer"), err)
		}
		p.OutputConfig.Format = anthropic.JSONOutputFormatParam{Schema: schema}
	}
	return p, nil
}

// anthropicMessage spells a turn.
func anthropicMessage(t Turn) anthropic.MessageParam {
	var blocks []anthropic.ContentBlockParamUnion
	switch {
	case t.Answer != nil:
		if t.Answer.Text != "" {
			blocks = append(blocks, anthropic.NewTextBlock(t.Answer.Text))
		}
		for _, c := range t.Answer.Calls {
			blocks = append(blocks, anthropic.NewToolUseBlock(c.ID, input(c.Arguments), c.Name))
		}
		return anthropic.NewAssistantMessage(blocks...)
	case len(t.Results) > 0:
		for _, result := range t.Results {
			blocks = append(blocks, anthropic.NewToolResultBlock(result.Call, result.Text, result.Failed))
		}
		return anthropic.NewUserMessage(blocks...)
	}
	return anthropic.NewUserMessage(anthropic.NewTextBlock(t.User))
}

// input is what a model has written as a call's arguments, as an object: what is none is
// shown to it as what it wrote.
func input(arguments string) any {
	var o map[string]any
	if json.Unmarshal([]byte(arguments), &o) == nil && o != nil {
		return json.RawMessage(arguments)
	}
	return map[string]any{"malformed": arguments}
}

// answer reads the model's answer.
func (m messages) answer(message anthropic.Message) Answer {
	u := message.Usage
	a := Answer{Stop: Ended, Model: message.Model, Usage: Usage{
		Input: u.InputTokens + u.CacheReadInputTokens + u.CacheCreationInputTokens, Cached: u.CacheReadInputTokens, Output: u.OutputTokens,
	}}
	for _, block := range message.Content {
		switch block.Type {
		case "text":
			a.Text += block.Text
		case "tool_use":
			a.Calls = append(a.Calls, Call{ID: block.ID, Name: block.Name, Arguments: string(block.Input)})
		}
	}
	switch message.StopReason {
	case anthropic.StopReasonToolUse:
		a.Stop = Calling
	case anthropic.StopReasonMaxTokens, anthropic.StopReasonModelContextWindowExceeded:
		a.Stop = Length
	case anthropic.StopReasonRefusal:
		a.Stop = Refused
	}
	return a
}
