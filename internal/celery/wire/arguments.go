package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Arguments returns what a payload has at the names of positional arguments, in their order, and
// everything else as an object. The error says why a payload cannot be the arguments of a task.
func Arguments(payload []byte, names []string) (args []json.RawMessage, kwargs json.RawMessage, err error) {
	members := map[string]json.RawMessage{}
	if text := bytes.TrimSpace(payload); len(text) > 0 {
		if text[0] != '{' {
			return nil, nil, fmt.Errorf("%.40q is not a JSON object: write one such as {\"user\":\"u1\"}", text)
		}
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, nil, fmt.Errorf("is not a JSON object: %w", err)
		}
	}
	var missing []string
	for _, name := range names {
		value, there := members[name]
		switch {
		case !there:
			missing = append(missing, name)
		case len(missing) > 0:
			return nil, nil, fmt.Errorf("has the positional argument %q, and not %s before it: give all that come before, or leave it out", name, quoted(missing))
		default:
			args = append(args, value)
			delete(members, name)
		}
	}
	kwargs, err = json.Marshal(members)
	return args, kwargs, err
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(all, ", ")
}
