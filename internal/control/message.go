package control

import (
	"encoding/json"
	"strings"

	"switchyard/internal/cache"
)

// message is what was heard on a control channel.
type message struct {
	channel Channel
	user    string
	// told says that a Switchyard has told of a change of a brake: the message has a mark.
	// It is nobody's request, whichever deployment it comes from.
	told       bool
	deployment string // of who told it; "" before deployments had names
	decision   int64  // the number of what was decided
	by, reason string // what a request says of itself
}

// messageOf reads what was heard. A request has any body, and says by whom and why if that is an
// object with by and reason.
func messageOf(h cache.Heard) message {
	channel, user, _ := strings.Cut(strings.TrimPrefix(h.Channel, "agent:"), ":")
	m := message{channel: Channel(channel), user: user}
	var body map[string]json.RawMessage
	if json.Unmarshal([]byte(h.Message), &body) != nil {
		return m
	}
	text := func(field string) string {
		var s string
		_ = json.Unmarshal(body[field], &s) // what is no string says nothing
		return s
	}
	m.told, m.deployment = text("mark") != "", text("deployment")
	_ = json.Unmarshal(body["decision"], &m.decision)
	m.by, m.reason = shortened(text("by")), shortened(text("reason"))
	return m
}

// maxSaid bounds what is kept of what a request says of itself, in bytes.
const maxSaid = 200

func shortened(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxSaid)], "")
}

// users are the users whose brake the message is about; none if everyone's.
func (m message) users() []string {
	if m.user == Everyone {
		return nil
	}
	return []string{m.user}
}
