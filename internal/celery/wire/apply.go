package wire

import (
	"encoding/json"
	"slices"
)

// apply sends a node with args before its own arguments and with options over its own. Its
// task or group becomes a child of the ended task if trail is set.
func (p *planner) apply(n *node, args []json.RawMessage, options Object, trail bool) error {
	switch n.kind {
	case group:
		return p.applyGroup(n, args, options, trail)
	case chain:
		return p.applyChain(n, args, options, trail)
	case chord:
		return p.applyChord(n, args, options, trail)
	}
	return p.send(n, args, options, trail)
}

func (p *planner) applyGroup(n *node, args []json.RawMessage, options Object, trail bool) error {
	if len(n.tasks) == 0 {
		return nil
	}
	options = merge(n.sig.Options.without("group_id"), options.without("group_id"))
	id := p.orNew(options.Get("task_id"))
	root, tasks := options.Get("root_id"), flat(n.tasks)
	results := make([]Child, 0, len(tasks))
	waiting, size := options.Get("chord"), 0
	for _, task := range tasks {
		if result := p.freeze(task, frozen{group: id, root: root}); result != nil {
			results = append(results, *result)
		}
		if size += parts(task); waiting == nil {
			waiting = task.sig.Options.Get("chord")
		}
	}
	// Tasks of an outer group return their parts to that one, whose size is known.
	if waiting != nil && (n.counts || !n.sig.Options.Has("group_id")) {
		p.plan.Sizes = append(p.plan.Sizes, Size{Group: text(id), Size: size})
	}
	options = options.without("task_id").with("group_id", id)
	for _, task := range tasks {
		if err := p.apply(task, slices.Concat(args, n.sig.Args), options, false); err != nil {
			return err
		}
	}
	if trail {
		p.trail(Child{ID: text(id), Group: results})
	}
	return nil
}

// trail adds a child. A group of one group is that group.
func (p *planner) trail(c Child) {
	if len(c.Group) == 1 && c.Group[0].Group != nil {
		c = c.Group[0]
	}
	p.plan.Children = append(p.plan.Children, c)
}

// parts says how many parts a node returns to the chord that waits for it.
func parts(n *node) int {
	switch n.kind {
	case group:
		sum := 0
		for _, task := range n.tasks {
			sum += parts(task)
		}
		return sum
	case chain:
		for _, task := range slices.Backward(n.tasks) {
			if size := parts(task); size > 0 {
				return size
			}
		}
		return 0
	case chord:
		return parts(n.body)
	}
	return 1
}

// applyChain sends the first step with all others in its message.
func (p *planner) applyChain(n *node, args []json.RawMessage, options Object, trail bool) error {
	options = merge(n.sig.Options, options)
	told := frozen{
		id: options.Get("task_id"), group: options.Get("group_id"), chord: options.Get("chord"),
		root: options.Get("root_id"), index: options.Get("group_index"),
	}
	steps, _ := p.prepare(n, slices.Concat(args, n.sig.Args), told, listOf(options.Get("link_error")))
	if len(steps) == 0 {
		return nil
	}
	if link := listOf(options.Get("link")); link != nil {
		steps[0].extend("link", link...)
	}
	first := steps[len(steps)-1]
	rest := listOf(options.Get("chain"))
	for _, step := range steps[:len(steps)-1] {
		raw, err := p.encode(step)
		if err != nil {
			return err
		}
		rest = append(rest, raw)
	}
	options = options.without("task_id", "group_id", "chord", "root_id", "parent_id", "group_index", "link", "link_error")
	return p.apply(first, nil, options.with("chain", appendList(nil, rest)), trail)
}

// applyChord sends the header's tasks with the body in each message: whichever ends last has
// the body sent.
func (p *planner) applyChord(n *node, args []json.RawMessage, options Object, trail bool) error {
	if n.sig.Immutable {
		args = nil
	}
	args = slices.Concat(args, n.sig.Args)
	options = merge(n.sig.Options, options)
	n.body.sig.Options = merge(n.body.sig.Options, options.without("task_id"))
	root := n.body.sig.Options.Get("root_id")
	p.freeze(n.body, frozen{id: options.Get("task_id"), root: root})
	if len(n.tasks) == 0 {
		return p.apply(n.body, []json.RawMessage{[]byte("[]")}, nil, trail)
	}
	body, err := p.encode(n.body)
	if err != nil {
		return err
	}
	header := &node{kind: group, counts: true, tasks: n.tasks, sig: Signature{Options: n.header}}
	if n.header.Get("task_id") == nil {
		header.set("task_id", p.newID())
	}
	id := header.sig.Options.Get("task_id")
	result := p.freeze(header, frozen{group: id, chord: body, root: root})
	if slices.ContainsFunc(result.Group, func(c Child) bool { return c.Group != nil }) {
		p.plan.Saved = append(p.plan.Saved, Saved{Group: result.ID, Value: append(result.append([]byte(`{"result": `)), '}')})
	}
	return p.apply(header, args, options.without("chain", "chord", "group_index", "link", "link_error").with("task_id", id), trail)
}
