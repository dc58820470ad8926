package llm

import (
	"encoding/json"
	"errors"
	"fmt"
)

// responsesReader reads an answer of responses.
type responsesReader struct {
	wire    wire
	request Request
	teller  teller
	done    []json.RawMessage // items that are complete, for servers that do not repeat them
	said    *response         // nil: the end has not come
}

// response is an answer of responses.
type response struct {
	Status  string            `json:"status"`
	Model   string            `json:"model"`
	Error   json.RawMessage   `json:"error"`
	Output  []json.RawMessage `json:"output"`
	Details struct {
		Reason string `json:"reason"`
	} `json:"incomplete_details"`
	Usage struct {
		Input   tokens `json:"input_tokens"`
		Output  tokens `json:"output_tokens"`
		Details struct {
			Cached tokens `json:"cached_tokens"`
		} `json:"input_tokens_details"`
	} `json:"usage"`
}

// responseItem is what is read of an item of the output.
type responseItem struct {
	Type      string          `json:"type"`
	CallID    string          `json:"call_id"`
	Name      string          `json:"name"`
	Phase     string          `json:"phase"`
	Arguments json.RawMessage `json:"arguments"`
	Encrypted string          `json:"encrypted_content"`
	Content   json.RawMessage `json:"content"`
}

// responsePart is a part of a message.
type responsePart struct {
	Type    string `json:"type"`
	Text    string `json:"text"`
	Refusal string `json:"refusal"`
}

// event implements [reader].
func (r *responsesReader) event(e event) (last bool, err error) {
	var in struct {
		Type     string          `json:"type"`
		Delta    json.RawMessage `json:"delta"`
		Item     json.RawMessage `json:"item"`
		Response json.RawMessage `json:"response"`
		Error    json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(e.data, &in); err != nil {
		return false, err
	}
	switch in.Type {
	case "response.output_text.delta":
		r.teller.say(textOf(in.Delta))
	case "response.output_item.done":
		r.done = append(r.done, in.Item)
	case "response.completed", "response.incomplete", "response.failed":
		return true, r.take(in.Response)
	case "error":
		return false, brokenOff(e.data)
	default:
		if in.Type == "" && !isNothing(in.Error) {
			return false, brokenOff(e.data)
		}
	}
	return false, nil
}

// whole implements [reader].
func (r *responsesReader) whole(body []byte) error { return r.take(body) }

// take takes all of an answer.
func (r *responsesReader) take(text json.RawMessage) error {
	var said response
	if err := json.Unmarshal(text, &said); err != nil {
		return err
	}
	switch {
	case !isNothing(said.Error):
		return brokenOff(said.Error)
	case said.Status == "failed", said.Status == "cancelled":
		return &Error{Class: Broken, Err: fmt.Errorf("the answer ends in the status %s", said.Status)}
	case said.Status != "" && said.Status != "completed" && said.Status != "incomplete", said.Output == nil && said.Status == "":
		return errors.New("it has no output and no status completed")
	}
	if len(said.Output) == 0 {
		said.Output = r.done
	}
	r.said = &said
	return nil
}
