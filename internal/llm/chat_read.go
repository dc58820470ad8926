package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// chatReader reads an answer of chat completions.
type chatReader struct {
	wire    wire
	request Request
	teller  teller
	model   string
	usage   chatUsage
	text    strings.Builder
	parts   pieces // of the text, from servers that give it in parts
	refusal strings.Builder
	content bool   // whether the message has a text at all
	finish  string // its reason
	calls   chatCalls
	more    pieces // all other fields of the message
}

// chatUsage is what chat completions say of tokens.
type chatUsage struct {
	Prompt     tokens `json:"prompt_tokens"`
	Completion tokens `json:"completion_tokens"`
	Details    struct {
		Cached tokens `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
}

func newChatReader(w wire, r Request, told func(string)) *chatReader {
	c := &chatReader{wire: w, request: r, teller: teller{told: told}}
	c.calls.known = make(map[string]bool, len(r.Tools))
	for _, tool := range r.Tools {
		c.calls.known[tool.Name] = true
	}
	return c
}

// chatChunk is an event of a stream, or all of an answer: they differ in the name of the
// message.
type chatChunk struct {
	Model   string          `json:"model"`
	Error   json.RawMessage `json:"error"`
	Usage   *chatUsage      `json:"usage"`
	Choices []struct {
		Index   int    `json:"index"`
		Delta   fields `json:"delta"`
		Message fields `json:"message"`
		Finish  string `json:"finish_reason"`
	} `json:"choices"`
}

// event implements [reader]. The usage may come behind the end of the message, and the last
// event is no object.
func (c *chatReader) event(e event) (last bool, err error) {
	_, err = c.chunk(e.data)
	return false, err
}

// whole implements [reader].
func (c *chatReader) whole(body []byte) error {
	choices, err := c.chunk(body)
	if err == nil && choices == 0 {
		return errors.New("it has no choices")
	}
	return err
}

func (c *chatReader) chunk(data []byte) (choices int, err error) {
	var chunk chatChunk
	if err := json.Unmarshal(data, &chunk); err != nil {
		return 0, err
	}
	if !isNothing(chunk.Error) {
		return 0, brokenOff(data)
	}
	if chunk.Model != "" {
		c.model = chunk.Model
	}
	if chunk.Usage != nil {
		c.usage = *chunk.Usage
	}
	for _, choice := range chunk.Choices {
		if choice.Index != 0 {
			continue // nobody has asked for it
		}
		if choice.Finish != "" {
			c.finish = choice.Finish
		}
		for _, message := range []fields{choice.Delta, choice.Message} {
			if err := c.take(message); err != nil {
				return 0, err
			}
		}
	}
	return len(chunk.Choices), nil
}

// take takes a piece of the message.
func (c *chatReader) take(message fields) error {
	for name, value := range message {
		switch name {
		case "role":
		case "content":
			c.say(value)
		case "refusal":
			c.refusal.WriteString(textOf(value))
			c.teller.say(textOf(value))
		case "tool_calls":
			if err := c.calls.take(value); err != nil {
				return err
			}
		default:
			if !isNothing(value) {
				c.more.field(name).add(value)
			}
		}
	}
	return nil
}

// say takes a piece of the text. Some servers give it in parts, of which some are thoughts.
func (c *chatReader) say(content json.RawMessage) {
	var parts []struct {
		Text string `json:"text"`
	}
	text := textOf(content)
	if json.Unmarshal(content, &parts) == nil && len(parts) > 0 {
		c.parts.add(content)
		for _, part := range parts {
			text += part.Text
		}
	} else if c.parts.list != nil && text != "" {
		c.parts.add(encode([]object{{"type": "text", "text": text}}))
	}
	c.content = c.content || !isNothing(content) || string(content) == `""`
	c.text.WriteString(text)
	c.teller.say(text)
}

// answer implements [reader].
func (c *chatReader) answer() (Answer, error) {
	a := Answer{
		Text: withoutThoughts(c.text.String()), Calls: c.calls.read(), Model: c.model,
		Usage: Usage{Input: int64(c.usage.Prompt), Cached: int64(c.usage.Details.Cached), Output: int64(c.usage.Completion)},
	}
	c.request.identify(a.Calls)
	if err := a.finishChat(c.finish); err != nil {
		return Answer{}, err
	}
	if c.refusal.Len() > 0 {
		a.Stop, a.Text, a.Reason = Refused, c.refusal.String(), "refusal"
	}
	if c.more.fields != nil || c.parts.list != nil || c.calls.haveMore() || a.Text != c.text.String() {
		a.Original = c.wire.keep(c.message(a.Calls))
	}
	return a, nil
}

// finishChat says why an answer ended by the reason that the server gives. Those beside
// OpenAI's are DeepSeek's, Mistral's, OpenRouter's and vLLM's.
func (a *Answer) finishChat(reason string) error {
	a.Stop = Ended
	switch reason {
	case "":
		return &Error{Class: Broken, Err: errCut}
	case "error", "abort":
		return &Error{Class: Broken, Err: fmt.Errorf("the answer ends in an error: finish_reason %s", reason)}
	case "insufficient_system_resource":
		return &Error{Class: Overloaded, Err: fmt.Errorf("the answer ends early: finish_reason %s", reason)}
	case "content_filter":
		a.Stop, a.Reason = Refused, reason
	case "length", "model_length":
		a.Stop, a.Reason = Length, reason
	default:
		if len(a.Calls) > 0 {
			a.Stop = Calling
		}
	}
	return nil
}

// message puts the message together as it came.
func (c *chatReader) message(calls []Call) object {
	message := object{"role": "assistant"}
	for name, value := range c.more.values() {
		message[name] = value
	}
	switch {
	case c.parts.list != nil:
		message["content"] = c.parts.value()
	case c.content || len(calls) == 0:
		message["content"] = c.text.String()
	}
	if len(calls) > 0 {
		message["tool_calls"] = c.calls.originals(calls)
	}
	return message
}
