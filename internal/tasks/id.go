package tasks

import (
	"fmt"
	"regexp"
)

const maxID = 300

var idPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.:@+-]*$`)

// CheckID reports why id cannot name a task. IDs become part of Redis keys, links and
// file names.
func CheckID(id string) error {
	if len(id) > maxID || !idPattern.MatchString(id) {
		return fmt.Errorf("task ID %.40q: use at most %d letters, digits and _.:@+-, starting with a letter or digit", id, maxID)
	}
	return nil
}
