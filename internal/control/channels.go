// Package control is the agent control channels: one Redis channel per user and
// purpose, on which pauses and resumes are asked for and statuses told.
//
// A published message reaches whoever listens at that moment and nobody else. What must
// not be missed has to be stored as well.
package control

import "switchyard/internal/tasks"

// Channel is one purpose of control messages.
type Channel string

// The channels. Their names in Redis are agent:pause:<user_id> and so on, as the
// applications around already know them.
const (
	Pause  Channel = "pause"
	Resume Channel = "resume"
	Status Channel = "status"
)

// Name returns the channel's name for one user: the id as it is, after the last colon that
// is ours.
func (c Channel) Name(user string) (string, error) {
	if err := tasks.CheckUser(user); err != nil {
		return "", err
	}
	return "agent:" + string(c) + ":" + user, nil
}
