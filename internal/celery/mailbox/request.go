package mailbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// request is a command that somebody sends to nodes.
type request struct {
	Method    string          `json:"method"`
	Arguments arguments       `json:"arguments"`
	To        destination     `json:"destination"`
	Pattern   string          `json:"pattern"`
	Matcher   string          `json:"matcher"`
	Ticket    json.RawMessage `json:"ticket"`
	ReplyTo   *replyTo        `json:"reply_to"`
	clock     float64
}

// replyTo is where the answer to a request goes.
type replyTo struct {
	Exchange   string `json:"exchange"`
	RoutingKey string `json:"routing_key"`
}

// isQueue reports whether it can be the queue of somebody who asks.
func (to replyTo) isQueue() bool {
	const longest = 200
	return strings.HasSuffix(to.Exchange, ".pidbox") && len(to.Exchange) <= longest && to.RoutingKey != "" && len(to.RoutingKey) <= longest
}

// destination are the names of the nodes that are meant; none: all of them.
type destination []string

// UnmarshalJSON reads a list or a single name.
func (d *destination) UnmarshalJSON(text []byte) error {
	var name string
	if json.Unmarshal(text, &name) == nil && name != "" {
		*d = destination{name}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(d))
}

// readRequest reads a message on the channel of control.
func readRequest(text string) (request, error) {
	head, body, err := open(text)
	if err != nil {
		return request{}, err
	}
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		return request{}, fmt.Errorf("read a command: %w", err)
	}
	if r.Method == "" || len(r.Method) > 100 {
		return request{}, fmt.Errorf("method %.40q: give the name of a command", r.Method)
	}
	if to := r.ReplyTo; to != nil && !to.isQueue() {
		return request{}, fmt.Errorf("reply_to exchange %.40q, routing_key %.40q: give those of a reply queue", to.Exchange, to.RoutingKey)
	}
	if len(r.Ticket) > 200 {
		return request{}, fmt.Errorf("ticket of %d bytes: give at most 200", len(r.Ticket))
	}
	r.clock, _ = head.Clock.Float64()
	return r, nil
}

// addresses reports whether the node of a name is meant.
func (r request) addresses(name string) (bool, error) {
	switch {
	case len(r.To) > 0:
		return slices.Contains(r.To, name), nil
	case r.Pattern != "" && r.Matcher != "":
		return matches(name, r.Pattern, r.Matcher)
	}
	return true, nil
}
