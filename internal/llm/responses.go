package llm

import (
	"context"
	"errors"
	"fmt"

	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
)

// responsesModel is a model behind OpenAI's responses. Nothing is kept at the vendor: each
// request holds the whole conversation.
type responsesModel struct{ wire }

// Ask implements [Model].
func (m responsesModel) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	options, err := m.openai()
	if err != nil {
		return Answer{}, err
	}
	params, err := m.params(r)
	if err != nil {
		return Answer{}, err
	}
	service := responses.NewResponseService(options...)
	stream := service.NewStreaming(ctx, params)
	defer func() { _ = stream.Close() }()
	for stream.Next() {
		switch event := stream.Current(); event.Type {
		case "response.output_text.delta":
			told(event.Delta)
		case "response.completed", "response.incomplete":
			return m.answer(event.Response), nil
		case "response.failed":
			return Answer{}, brokenOff([]byte(event.Response.Error.RawJSON()))
		case "error":
			return Answer{}, brokenOff([]byte(event.RawJSON()))
		}
	}
	if err := stream.Err(); err != nil {
		return Answer{}, openaiError(ctx, err)
	}
	return Answer{}, &Error{Class: Broken, Err: errCut}
}

// params spells a request.
func (m responsesModel) params(r Request) (responses.ResponseNewParams, error) {
	p := responses.ResponseNewParams{Model: m.Model, Store: param.NewOpt(false)}
	if r.Instructions != "" {
		p.Instructions = param.NewOpt(r.Instructions)
	}
	for _, t := range r.Turns {
		p.Input.OfInputItemList = append(p.Input.OfInputItemList, responseItems(t)...)
	}
	for _, tool := range r.Tools {
		schema, err := object(tool.Schema)
		if err != nil {
			return p, fmt.Errorf("tool %s: %w", tool.Name, err)
		}
		p.Tools = append(p.Tools, responses.ToolUnionParam{OfFunction: &responses.FunctionToolParam{
			Name: tool.Name, Description: param.NewOpt(tool.Description), Parameters: schema, Strict: param.NewOpt(false),
		}})
	}
	if r.MaxTokens > 0 {
		p.MaxOutputTokens = param.NewOpt(int64(r.MaxTokens))
	}
	if r.Schema != nil {
		schema, err := object(r.Schema)
		if err != nil {
			return p, errors.Join(errors.New("the final answer"), err)
		}
		p.Text.Format.OfJSONSchema = &responses.ResponseFormatTextJSONSchemaConfigParam{Name: schemaName, Schema: schema, Strict: param.NewOpt(true)}
	}
	return p, nil
}

// responseItems spells a turn.
func responseItems(t Turn) responses.ResponseInputParam {
	var items responses.ResponseInputParam
	switch {
	case t.Answer != nil:
		if t.Answer.Text != "" {
			items = append(items, responses.ResponseInputItemParamOfMessage(t.Answer.Text, responses.EasyInputMessageRoleAssistant))
		}
		for _, c := range t.Answer.Calls {
			items = append(items, responses.ResponseInputItemParamOfFunctionCall(c.Arguments, c.ID, c.Name))
		}
	case len(t.Results) > 0:
		for _, result := range t.Results {
			item := responses.ResponseInputItemParamOfFunctionCallOutput(result.Text)
			item.OfFunctionCallOutput.CallID = param.NewOpt(result.Call)
			items = append(items, item)
		}
	default:
		items = append(items, responses.ResponseInputItemParamOfMessage(t.User, responses.EasyInputMessageRoleUser))
	}
	return items
}

// answer reads the model's answer.
func (m responsesModel) answer(r responses.Response) Answer {
	a := Answer{Stop: Ended, Model: r.Model, Usage: Usage{
		Input: r.Usage.InputTokens, Cached: r.Usage.InputTokensDetails.CachedTokens, Output: r.Usage.OutputTokens,
	}}
	refused := r.IncompleteDetails.Reason == "content_filter"
	for _, item := range r.Output {
		switch item.Type {
		case "message":
			for _, part := range item.Content {
				a.Text += part.Text
				if part.Type == "refusal" {
					refused, a.Text = true, a.Text+part.Refusal
				}
			}
		case "function_call":
			a.Calls = append(a.Calls, Call{ID: item.CallID, Name: item.Name, Arguments: item.Arguments.OfString})
		}
	}
	switch {
	case refused:
		a.Stop = Refused
	case r.IncompleteDetails.Reason != "":
		a.Stop = Length
	case len(a.Calls) > 0:
		a.Stop = Calling
	}
	return a
}
