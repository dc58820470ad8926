package tasks

import (
	"fmt"
	"regexp"
)

const maxID = 300

var idPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.:@+-]*$`)

// HasIDForm reports whether a text is made of what IDs are made of, those of tasks and of schedule
// entries: letters, digits and _.:@+-, a letter or digit first.
func HasIDForm(text string) bool { return idPattern.MatchString(text) }

// CheckID reports why id cannot name a task. IDs become part of Redis keys, links and
// file names.
func CheckID(id string) error {
	if len(id) > maxID || !HasIDForm(id) {
		return fmt.Errorf("task ID %.40q: use at most %d letters, digits and _.:@+-, starting with a letter or digit", id, maxID)
	}
	return nil
}
