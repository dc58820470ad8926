package wire

import (
	"encoding/json"
	"fmt"
	"strings"
)

// DecodeMeta reads what a worker has written of a task: its status and its result. The error says that
// it is no meta.
func DecodeMeta(raw []byte) (Meta, error) {
	object, err := Members(raw)
	if err != nil {
		return Meta{}, fmt.Errorf("result %w", err)
	}
	f := fields{object: object, where: "result."}
	m := Meta{Status: f.text("status"), Result: object.Get("result")}
	if f.err == nil && m.Status == "" {
		return m, fmt.Errorf("result has no status: let result_serializer of the Celery application be json")
	}
	return m, f.err
}

// StrictResult says where a result is not exactly what Go's reader would make of it, as
// [Message.Strict] does.
func (m Meta) StrictResult() error {
	if m.Result == nil {
		return nil
	}
	return strict(m.Result, "result")
}

// Exception returns the exception that a meta has in place of a result: its class, and what it says.
func (m Meta) Exception() (class, says string) {
	object, err := Members(m.Result)
	if err != nil {
		return "Exception", show(m.Result)
	}
	class = textOr(object.Get("exc_type"), "Exception")
	messages, err := elements(object.Get("exc_message"))
	if err != nil { // releases before 4.3 wrote a text
		return class, textOr(object.Get("exc_message"), "")
	}
	texts := make([]string, len(messages))
	for i, message := range messages {
		texts[i] = textOr(message, string(message))
	}
	return class, strings.Join(texts, ", ")
}

// textOr returns the text that raw is, or else another.
func textOr(raw json.RawMessage, other string) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return other
	}
	return text
}
