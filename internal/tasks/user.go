package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

const maxUser = 100

var userPattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.@+-]*$`)

// CheckUser reports why id cannot name a user. User ids become part of channel names
// and Redis keys: one with a colon, a space or a pattern character could escape into
// another's.
func CheckUser(id string) error {
	switch {
	case id == "":
		return errors.New(`field "user" is empty: give a user id`)
	case len(id) > maxUser:
		return fmt.Errorf("user %.20q… has %d bytes: at most %d are allowed", id, len(id), maxUser)
	case !userPattern.MatchString(id):
		return fmt.Errorf("user %q: use letters, digits and _.@+-, starting with a letter or digit", id)
	}
	return nil
}

// UserOf returns the user a payload acts for: the string under "user", which every
// kind that works for one user has. It is "" if there is none.
func UserOf(payload []byte) string {
	var p struct {
		User string `json:"user"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return ""
	}
	return p.User
}
