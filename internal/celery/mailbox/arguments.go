package mailbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of what a request may give.
const (
	maxIDs    = 10_000
	maxIDSize = 1000
)

// arguments are those of a command, each as it came.
type arguments map[string]json.RawMessage

// read reads an argument into a value, which stays as it is where the argument is missing or null.
func (a arguments) read(name string, into any) error {
	text, given := a[name]
	if !given {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %.40q: %w", name, text, err)
	}
	return nil
}

// ids reads an argument that is an id or a list of them.
func (a arguments) ids(name string) ([]string, error) {
	var ids []string
	var id string
	if json.Unmarshal(a[name], &id) == nil && id != "" {
		ids = []string{id}
	} else if err := a.read(name, &ids); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > maxIDs {
		return nil, fmt.Errorf("%s has %d ids: give 1 to %d", name, len(ids), maxIDs)
	}
	for _, id := range ids {
		if id == "" || len(id) > maxIDSize {
			return nil, fmt.Errorf("%s %.40q: give ids of 1 to %d bytes", name, id, maxIDSize)
		}
	}
	return ids, nil
}

// signal reads the argument signal, a name or a number, and returns it as SIGTERM or 15. Without one it
// is SIGTERM, as in Celery.
func (a arguments) signal() (string, error) {
	given := json.RawMessage("null")
	if err := a.read("signal", &given); err != nil {
		return "", err
	}
	text := strings.ToUpper(strings.Trim(string(given), `"`))
	switch _, err := strconv.Atoi(text); {
	case text == "NULL":
		return "SIGTERM", nil
	case len(text) > 20 || !signalText.MatchString(text):
		return "", fmt.Errorf("signal %.40q: give a name such as SIGTERM, or a number", given)
	case err == nil || strings.HasPrefix(text, "SIG"):
		return text, nil
	}
	return "SIG" + text, nil
}

// signalText is what a signal is called, be it RTMIN+1 or 9.
var signalText = regexp.MustCompile(`^[A-Z0-9+-]+$`)
