package llm

import (
	"bytes"
	"encoding/json"
)

// Original is an answer as its model wrote it. What is opaque in it, such as thoughts and
// their signatures, the vendor wants back with the next request, or refuses that. It goes to
// the same model in the same format and to no other: nobody else can read it.
type Original struct {
	API   string `json:"api"`
	Model string `json:"model"` // its name at the server, as the definition has it
	// JSON is a message of chat completions, the content of one of messages, or the output
	// items of a response.
	JSON json.RawMessage `json:"json"`
}

// keep returns the original of an answer of this model.
func (w wire) keep(value any) *Original {
	return &Original{API: w.API, Model: w.Model, JSON: encode(value)}
}

// original returns what the model itself wrote, nil if the answer is another's or has nothing
// beside text and calls.
func (w wire) original(a *Answer) json.RawMessage {
	if o := a.Original; o != nil && o.API == w.API && o.Model == w.Model {
		return o.JSON
	}
	return nil
}

// object is a JSON object that is sent.
type object = map[string]any

// fields is a JSON object that was read.
type fields = map[string]json.RawMessage

// encode returns a value as JSON, in which text stands as it is: what was read is sent as it
// came. The value is made of what was read, and of strings and numbers.
func encode(value any) json.RawMessage {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // a definition that was checked, and schemas that were read
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// textOf returns a JSON string's text, "" if the value is none.
func textOf(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return ""
	}
	return text
}

// isNothing reports whether a field says nothing: it is missing, null or empty.
func isNothing(value json.RawMessage) bool {
	switch string(bytes.TrimSpace(value)) {
	case "", "null", `""`, "[]", "{}":
		return true
	}
	return false
}

// hasMore reports whether an object says something under another name than those.
func hasMore(o fields, names ...string) bool {
	known := make(map[string]bool, len(names))
	for _, name := range names {
		known[name] = true
	}
	for name, value := range o {
		if !known[name] && !isNothing(value) {
			return true
		}
	}
	return false
}
