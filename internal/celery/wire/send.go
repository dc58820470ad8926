package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// send plans the message of one task.
func (p *planner) send(n *node, args []json.RawMessage, options Object, trail bool) error {
	options = merge(n.sig.Options, options)
	where := fmt.Sprintf("%s: options.", n.sig.Task)
	f := &fields{where: where, object: options}
	if n.sig.Immutable {
		args = nil
	}
	m := Message{
		Protocol: 2, ID: f.text("task_id"), Task: n.sig.Task, Args: slices.Concat(args, n.sig.Args), Kwargs: orEmpty(n.sig.Kwargs),
		Callbacks: f.some("link"), Errbacks: f.some("link_error"), Chain: f.signatures("chain"), Chord: p.chord(f),
		ETA: f.moment("eta", p.plan.Outcome.At, true), Expires: f.moment("expires", p.plan.Outcome.At, true),
		Soft: f.limit("soft_time_limit"), Hard: f.limit("time_limit"),
		Root: f.text("root_id"), Parent: f.text("parent_id"), Group: f.text("group_id"), GroupIndex: f.whole("group_index"),
		IgnoreResult: f.flag("ignore_result"), Shadow: f.text("shadow"), Extra: f.headers(),
		Exchange: f.text("exchange"), RoutingKey: f.text("routing_key"), ReplyTo: f.text("reply_to"),
	}
	if delay := f.seconds("countdown"); delay > 0 {
		m.ETA = p.plan.Outcome.At.Add(delay).UTC().Truncate(time.Microsecond)
	}
	if priority := f.whole("priority"); priority != nil {
		m.Priority = min(*priority, 255)
	}
	if retries := f.whole("retries"); retries != nil {
		m.Retries = *retries
	}
	if m.Exchange == "" || m.RoutingKey == "" {
		m.Exchange, m.RoutingKey = "", ""
	}
	p.complete(&m)
	queue := f.text("queue")
	if f.err != nil {
		return f.err
	}
	if err := p.spend(m.size()); err != nil {
		return err
	}
	p.plan.Sends = append(p.plan.Sends, Send{Queue: queue, Message: m})
	if trail {
		p.trail(Child{ID: m.ID})
	}
	return nil
}

// complete fills what a message has of the task that it follows.
func (p *planner) complete(m *Message) {
	if m.ID == "" {
		m.ID = text(p.newID())
	}
	if m.Root == "" {
		m.Root = p.root()
	}
	if m.Parent == "" {
		m.Parent = p.steps.ID
	}
	if m.ReplyTo == "" {
		m.ReplyTo = p.steps.ReplyTo
	}
	m.CorrelationID = m.ID
}

// chord reads the option chord. A header's tasks share one, which is read once.
func (p *planner) chord(f *fields) *Signature {
	raw := f.object.Get("chord")
	if raw == nil {
		return nil
	}
	if p.chords[&raw[0]] == nil {
		p.chords[&raw[0]] = f.signature("chord")
	}
	return p.chords[&raw[0]]
}

// some reads an option that is a list of signatures, or one alone.
func (f *fields) some(name string) []Signature {
	if raw := f.object.Get(name); raw != nil && raw[0] == '{' {
		return []Signature{*f.signature(name)}
	}
	return f.signatures(name)
}

func (f *fields) limit(name string) time.Duration {
	d, err := limit(f.object.Get(name))
	f.fail(name, err)
	return d
}

// seconds reads a number of seconds, 0 for none. One that is negative is in the past.
func (f *fields) seconds(name string) time.Duration {
	raw := f.object.Get(name)
	if raw == nil {
		return 0
	}
	d, err := seconds(raw)
	f.fail(name, err)
	return d
}

// headers are the signature's own: they cannot take the place of Celery's.
func (f *fields) headers() Object { return f.nestedObject("headers").without(headerFields...) }

// spend counts bytes of the plan.
func (p *planner) spend(size int) error {
	if p.bytes += size; p.bytes > maxPlanBytes {
		return fmt.Errorf("the messages of the canvas are larger than %d MiB: pass references to what is large", maxPlanBytes>>20)
	}
	return nil
}

// encode writes a node, if there is room for it.
func (p *planner) encode(n *node) (json.RawMessage, error) {
	if err := p.spend(n.size()); err != nil {
		return nil, err
	}
	return n.write().Encode(), nil
}
