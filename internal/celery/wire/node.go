package wire

import (
	"encoding/json"
	"fmt"
)

// node is a signature that is taken apart: the tasks of a canvas are nodes of their own, so
// that they can be given ids and options before they are written again.
type node struct {
	kind kind
	sig  Signature
	// tasks are those of a group or a chain, or the header of a chord.
	tasks []*node
	// body is a chord's, and header has the options of its header.
	body   *node
	header Object
	// counts is set for the header of a chord that is sent: its size has to be told.
	counts bool
}

type kind int

const (
	single kind = iota
	group
	chain
	chord
)

// kindOf goes by subtask_type, as Celery does, or else by the names of its own tasks.
func kindOf(sig Signature) kind {
	name := sig.SubtaskType
	if name == "" {
		name = sig.Task
	}
	switch name {
	case "group", "celery.group":
		return group
	case "chain", "celery.chain":
		return chain
	case "chord", "celery.chord":
		return chord
	}
	return single
}

// parse takes sig apart. where names it in errors.
func (p *planner) parse(sig Signature, where string) (*node, error) {
	if p.signatures++; p.signatures > maxSignatures {
		return nil, fmt.Errorf("%s: the canvas has more than %d tasks: send it in parts", where, maxSignatures)
	}
	n := &node{kind: kindOf(sig), sig: sig}
	if n.kind == single {
		return n, nil
	}
	kwargs, err := members(orEmpty(sig.Kwargs))
	if err != nil {
		return nil, fmt.Errorf("%s.kwargs %w", where, err)
	}
	if n.kind != chord {
		n.tasks, err = p.parseAll(kwargs.Get("tasks"), where+".kwargs.tasks")
		return n, err
	}
	if n.tasks, err = p.parseHeader(kwargs.Get("header"), where+".kwargs.header"); err != nil {
		return nil, err
	}
	body, err := signature(kwargs.Get("body"), where+".kwargs.body")
	if err != nil {
		return nil, err
	}
	n.body, err = p.parse(body, where+".kwargs.body")
	return n, err
}

func (p *planner) parseAll(raw json.RawMessage, where string) ([]*node, error) {
	values, err := elements(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %w", where, err)
	}
	nodes := make([]*node, 0, len(values))
	for i, value := range values {
		n, err := p.read(value, fmt.Sprintf("%s[%d]", where, i))
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// read takes the signature apart that raw is.
func (p *planner) read(raw json.RawMessage, where string) (*node, error) {
	sig, err := signature(raw, where)
	if err != nil {
		return nil, err
	}
	return p.parse(sig, where)
}

// parseHeader reads a list, or the tasks of the group or chain that stands for one.
func (p *planner) parseHeader(raw json.RawMessage, where string) ([]*node, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return p.parseAll(raw, where)
	}
	n, err := p.read(raw, where)
	if err != nil {
		return nil, err
	}
	if n.kind == group || n.kind == chain {
		return n.tasks, nil
	}
	return []*node{n}, nil
}

// write returns the node as a signature again.
func (n *node) write() Signature {
	sig := n.sig
	switch n.kind {
	case single:
		return sig
	case chord:
		sig.Task, sig.SubtaskType = "celery.chord", "chord"
		header := Signature{Task: "celery.group", SubtaskType: "group", Kwargs: writeTasks(n.tasks), Options: n.header}
		kwargs, _ := members(orEmpty(sig.Kwargs))
		sig.Kwargs = appendObject(nil, kwargs.with("header", header.Encode()).with("body", n.body.write().Encode()))
	case group:
		sig.Task, sig.SubtaskType, sig.Kwargs = "celery.group", "group", writeTasks(n.tasks)
	case chain:
		sig.Task, sig.SubtaskType, sig.Kwargs = "celery.chain", "chain", writeTasks(n.tasks)
	}
	return sig
}

func writeTasks(nodes []*node) json.RawMessage {
	sigs := make([]Signature, len(nodes))
	for i, n := range nodes {
		sigs[i] = n.write()
	}
	return append(appendSignatures([]byte(`{"tasks": `), sigs), '}')
}

// option returns an option that is a text, "" for none or for something else: those are
// refused where the message is made.
func (n *node) option(name string) string {
	text, _ := unquote(n.sig.Options.Get(name))
	return text
}

func (n *node) set(name string, value json.RawMessage) {
	n.sig.Options = n.sig.Options.with(name, value)
}

// setIf sets the option unless the value is none.
func (n *node) setIf(name string, value json.RawMessage) {
	if value != nil {
		n.set(name, value)
	}
}

// merge returns the options with those of over in their place. A group_id stays: without it
// the group that waits for the task would wait for ever.
func merge(options, over Object) Object {
	for _, m := range over {
		if m.Name != "group_id" || !options.Has("group_id") {
			options = options.with(m.Name, m.Value)
		}
	}
	return options
}
