package batches

import (
	"encoding/json"
	"fmt"
	"strings"
)

// put returns a JSON object with a value at a JSON pointer (RFC 6901), through objects alone. Objects
// that are not there are made.
func put(object json.RawMessage, pointer string, value json.RawMessage) (json.RawMessage, error) {
	if !strings.HasPrefix(pointer, "/") || len(pointer) > 1000 {
		return nil, fmt.Errorf("results %.100q is no JSON pointer to a field: write it as /results or /input/results", pointer)
	}
	first, rest, deeper := strings.Cut(pointer[1:], "/")
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(first)
	fields := map[string]json.RawMessage{}
	if len(object) > 0 {
		if err := json.Unmarshal(object, &fields); err != nil || fields == nil {
			return nil, fmt.Errorf("results: there is no object that could have a field %.100q", name)
		}
	}
	if deeper {
		below, err := put(fields[name], "/"+rest, value)
		if err != nil {
			return nil, err
		}
		value = below
	}
	fields[name] = value
	return json.Marshal(fields)
}
