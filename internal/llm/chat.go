package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/shared"
)

// chat is a model behind OpenAI's chat completions.
type chat struct{ wire }

// Ask implements [Model].
func (m chat) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	options, err := m.openai()
	if err != nil {
		return Answer{}, err
	}
	params, err := m.params(r)
	if err != nil {
		return Answer{}, err
	}
	service := openai.NewChatCompletionService(options...)
	stream := service.NewStreaming(ctx, params)
	defer func() { _ = stream.Close() }()
	var all openai.ChatCompletionAccumulator
	for stream.Next() {
		chunk := stream.Current()
		if !all.AddChunk(chunk) {
			return Answer{}, &Error{Class: Broken, Err: errors.New("the pieces of the answer do not fit together")}
		}
		if len(chunk.Choices) > 0 && chunk.Choices[0].Delta.Content != "" {
			told(chunk.Choices[0].Delta.Content)
		}
	}
	if err := stream.Err(); err != nil {
		return Answer{}, openaiError(ctx, err)
	}
	if len(all.Choices) == 0 || all.Choices[0].FinishReason == "" {
		return Answer{}, &Error{Class: Broken, Err: errCut}
	}
	return m.answer(all.ChatCompletion, len(r.Turns)), nil
}

// errCut is the error of an answer whose stream ended before it did.
var errCut = errors.New("the answer was cut off")

// openaiURL is where OpenAI serves its models.
const openaiURL = "https://api.openai.com/v1"

// openai returns how the model's server is reached. Nothing is tried again, and nothing is
// taken from the environment that the definition does not name, as whole clients would.
func (w wire) openai() ([]option.RequestOption, error) {
	options := []option.RequestOption{
		option.WithHTTPClient(w.client), option.WithMaxRetries(0), option.WithBaseURL(cmp.Or(w.BaseURL, openaiURL)),
	}
	key, err := w.key()
	if key != "" {
		options = append(options, option.WithAPIKey(key))
	}
	return options, err
}

// openaiError says what kind of failure an error of OpenAI's client is.
func openaiError(ctx context.Context, err error) error {
	var inside *ssestream.StreamError
	if errors.As(err, &inside) {
		return brokenOff(inside.Event.Data)
	}
	return failed(ctx, err)
}

// params spells a request.
func (m chat) params(r Request) (openai.ChatCompletionNewParams, error) {
	p := openai.ChatCompletionNewParams{
		Model:         m.Model,
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)},
	}
	if r.Instructions != "" {
		p.Messages = append(p.Messages, openai.SystemMessage(r.Instructions))
	}
	for _, t := range r.Turns {
		p.Messages = append(p.Messages, chatMessages(t)...)
	}
	for _, tool := range r.Tools {
		schema, err := object(tool.Schema)
		if err != nil {
			return p, fmt.Errorf("tool %s: %w", tool.Name, err)
		}
		p.Tools = append(p.Tools, openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: tool.Name, Description: param.NewOpt(tool.Description), Parameters: schema,
		}))
	}
	switch {
	case r.MaxTokens == 0:
	case m.BaseURL == "":
		p.MaxCompletionTokens = param.NewOpt(int64(r.MaxTokens))
	default: // the older name, which all the others know
		p.MaxTokens = param.NewOpt(int64(r.MaxTokens))
	}
	if r.Schema != nil {
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: schemaName, Schema: r.Schema, Strict: param.NewOpt(true)},
		}
	}
	return p, nil
}

// schemaName is how a final answer's schema is called where it has to be called something.
const schemaName = "answer"

// object reads a JSON schema. The error is that it is no object.
func object(schema json.RawMessage) (map[string]any, error) {
	var o map[string]any
	if err := json.Unmarshal(schema, &o); err != nil {
		return nil, fmt.Errorf("its schema is no JSON object: %w", err)
	}
	return o, nil
}

// chatMessages spells a turn.
func chatMessages(t Turn) []openai.ChatCompletionMessageParamUnion {
	switch {
	case t.Answer != nil:
		message := openai.ChatCompletionAssistantMessageParam{}
		if t.Answer.Text != "" || len(t.Answer.Calls) == 0 {
			message.Content.OfString = param.NewOpt(t.Answer.Text)
		}
		for _, c := range t.Answer.Calls {
			message.ToolCalls = append(message.ToolCalls, openai.ChatCompletionMessageToolCallUnionParam{
				OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
					ID: c.ID, Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.Name, Arguments: c.Arguments},
				},
			})
		}
		return []openai.ChatCompletionMessageParamUnion{{OfAssistant: &message}}
	case len(t.Results) > 0:
		var all []openai.ChatCompletionMessageParamUnion
		for _, result := range t.Results {
			all = append(all, openai.ToolMessage(result.Text, result.Call))
		}
		return all
	}
	return []openai.ChatCompletionMessageParamUnion{openai.UserMessage(t.User)}
}

// answer reads the model's answer, which comes after so many turns.
func (m chat) answer(c openai.ChatCompletion, turns int) Answer {
	choice := c.Choices[0]
	a := Answer{
		Text: choice.Message.Content, Stop: Ended, Model: c.Model,
		Usage: Usage{Input: c.Usage.PromptTokens, Cached: c.Usage.PromptTokensDetails.CachedTokens, Output: c.Usage.CompletionTokens},
	}
	for i, call := range choice.Message.ToolCalls {
		id := cmp.Or(call.ID, fmt.Sprintf("call-%d-%d", turns, i+1)) // some servers give none
		a.Calls = append(a.Calls, Call{ID: id, Name: call.Function.Name, Arguments: call.Function.Arguments})
	}
	switch {
	case choice.Message.Refusal != "":
		a.Stop, a.Text = Refused, choice.Message.Refusal
	case choice.FinishReason == "content_filter":
		a.Stop = Refused
	case choice.FinishReason == "length":
		a.Stop = Length
	case len(a.Calls) > 0:
		a.Stop = Calling
	}
	return a
}
