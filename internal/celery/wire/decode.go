package wire

import (
	"encoding/json"
	"time"
)

// headerFields are the headers that a [Message] has fields for. The others are Extra.
var headerFields = []string{
	"lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit", "root_id", "parent_id",
	"argsrepr", "kwargsrepr", "origin", "ignore_result", "compression",
}

// Decode reads a message as it is in a list of kombu's. Its body may have limit bytes once
// it is decompressed. A number in expires counts from now, the only use of now. The error is
// a *[Refused].
//
// Only JSON is read. Of names that come twice the last one counts, as in Python.
func Decode(raw []byte, limit int, now time.Time) (Message, error) {
	e, err := open(raw)
	if err != nil {
		return Message{}, e.learn(&fields{object: e.headers}, err)
	}
	body, err := e.content(limit)
	if err != nil {
		return Message{}, e.learn(&fields{object: e.headers}, err)
	}
	c := contents{headers: e.headers, extra: e.headers.without(headerFields...), utc: true, protocol: 2}
	if body[0] == '[' {
		err = c.second(body)
	} else {
		err = c.first(body)
	}
	var m Message
	if err == nil {
		m, err = c.message(e, now)
	}
	if err != nil {
		return Message{}, e.learn(&fields{object: c.headers}, err)
	}
	return m, nil
}

// contents is what both protocols come down to.
type contents struct {
	headers, extra, embed Object
	args                  []json.RawMessage
	kwargs                json.RawMessage
	utc                   bool
	protocol              int
}

// second reads the body [args, kwargs, embed] of protocol 2.
func (c *contents) second(body json.RawMessage) error {
	parts, err := elements(body)
	if err != nil || len(parts) != 3 {
		return refuse(InvalidTaskError, "the body is %s: send [args, kwargs, embed]", show(body))
	}
	f := fields{where: "body.", object: Object{{"args", parts[0]}, {"kwargs", parts[1]}, {"embed", parts[2]}}}
	c.args, c.kwargs, c.embed = f.list("args"), f.mapping("kwargs"), f.nestedObject("embed")
	return f.refusal()
}

// first reads the one object of protocol 1. Headers that name a task say more than it does:
// such messages are of both protocols.
func (c *contents) first(body json.RawMessage) error {
	object, err := members(body)
	if err != nil {
		return refuse(InvalidTaskError, "the body %w", err)
	}
	f := fields{where: "body.", object: object}
	c.protocol, c.args, c.kwargs, c.embed = 1, f.list("args"), f.mapping("kwargs"), object.without("chain")
	c.utc = !object.Has("utc") || f.flag("utc")
	headers := object
	if group := object.Get("taskset"); group != nil {
		headers = headers.with("group", group)
	}
	if c.headers.Has("task") {
		for _, m := range c.headers {
			headers = headers.with(m.Name, m.Value)
		}
	}
	c.headers = headers
	return f.refusal()
}

// message reads the fields.
func (c contents) message(e envelope, now time.Time) (Message, error) {
	h := fields{where: "headers.", object: c.headers}
	b := fields{where: "embed.", object: c.embed}
	p := fields{where: "properties.", object: e.properties}
	d := fields{where: "properties.delivery_info.", object: e.delivery}
	m := Message{
		Protocol: c.protocol, ID: h.text("id"), Task: h.text("task"), Args: c.args, Kwargs: c.kwargs, Extra: c.extra,
		Callbacks: b.signatures("callbacks"), Errbacks: b.signatures("errbacks"), Chain: b.signatures("chain"), Chord: b.signature("chord"),
		ETA: h.moment("eta", now, c.utc), Expires: h.moment("expires", now, c.utc),
		Root: h.text("root_id"), Parent: h.text("parent_id"), Group: h.text("group"), GroupIndex: h.whole("group_index"),
		IgnoreResult: h.flag("ignore_result"), Shadow: h.text("shadow"), Origin: h.text("origin"),
		ArgsRepr: h.text("argsrepr"), KwargsRepr: h.text("kwargsrepr"),
		Priority: e.priority(), Exchange: d.text("exchange"), RoutingKey: d.text("routing_key"),
		ReplyTo: p.text("reply_to"), CorrelationID: p.text("correlation_id"), DeliveryTag: p.text("delivery_tag"),
	}
	m.Hard, m.Soft = h.limits("timelimit")
	if retries := h.whole("retries"); retries != nil {
		m.Retries = *retries
	}
	for _, name := range []string{"id", "task"} {
		if h.object.Get(name) == nil || h.err == nil && h.text(name) == "" {
			h.keep(refuse(InvalidTaskError, "headers.%s is missing: no task can be made of it", name))
		}
	}
	for _, f := range []*fields{&b, &p, &d} {
		h.keep(f.err)
	}
	return m, h.refusal()
}
