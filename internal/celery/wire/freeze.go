package wire

import (
	"encoding/json"
	"slices"
)

// frozen is what a canvas tells the tasks in it before they are sent. Empty ones tell nothing.
type frozen struct {
	id, group, chord, root, parent, index json.RawMessage
}

// freeze gives a node its ids, so that what waits for it can name it, and returns what a
// client follows. Ids that are there stay.
func (p *planner) freeze(n *node, f frozen) *Child {
	switch n.kind {
	case group:
		return p.freezeGroup(n, f)
	case chain:
		_, results := p.prepare(n, nil, f, nil)
		if len(results) == 0 {
			return nil
		}
		return results[0]
	case chord:
		return p.freezeChord(n, f)
	}
	if n.sig.Options.Get("task_id") == nil {
		n.set("task_id", p.orNew(f.id))
	}
	n.setIf("root_id", f.root)
	n.setIf("parent_id", f.parent)
	if !n.sig.Options.Has("group_id") {
		n.setIf("group_id", f.group)
	}
	n.setIf("chord", f.chord)
	n.setIf("group_index", f.index)
	return &Child{ID: n.option("task_id")}
}

func (p *planner) orNew(id json.RawMessage) json.RawMessage {
	if id == nil {
		return p.newID()
	}
	return id
}

func (p *planner) freezeGroup(n *node, f frozen) *Child {
	// Celery gives a group within a part of a chord the id of the chord's own group. Whoever
	// sends the inner one then overwrites the size of the outer.
	if n.sig.Options.Get("task_id") == nil {
		n.set("task_id", p.newID())
	}
	n.setIf("group_id", f.group)
	n.setIf("chord", f.chord)
	n.setIf("group_index", f.index)
	if n.sig.Options.Get("root_id") == nil {
		n.setIf("root_id", f.root)
	}
	n.tasks = indexed(n.tasks)
	result := &Child{ID: n.option("task_id"), Group: []Child{}}
	for i, task := range n.tasks {
		f := f
		f.id, f.index = nil, wholeOrNull(&i)
		if child := p.freeze(task, f); child != nil {
			result.Group = append(result.Group, *child)
		}
	}
	return result
}

// indexed returns the tasks with those of groups among them in the groups' places, but each
// group's backwards: that is how Celery counts them, and how results of a chord are ordered.
func indexed(tasks []*node) []*node {
	var all []*node
	for _, n := range tasks {
		if n.kind != group {
			all = append(all, n)
			continue
		}
		inner := slices.Clone(n.tasks)
		slices.Reverse(inner)
		all = append(all, indexed(inner)...)
	}
	return all
}

// flat returns the tasks with those of groups among them in the groups' places.
func flat(tasks []*node) []*node {
	var all []*node
	for _, n := range tasks {
		if n.kind == group {
			all = append(all, flat(n.tasks)...)
		} else {
			all = append(all, n)
		}
	}
	return all
}

// freezeChord freezes header and body. The header's tasks are told of the body when the
// chord is sent: a body within each of them, within each of theirs, would grow without end.
func (p *planner) freezeChord(n *node, f frozen) *Child {
	header := &node{kind: group, tasks: n.tasks, sig: Signature{Options: n.header}}
	headerResult := p.freeze(header, frozen{root: f.root, parent: f.parent})
	n.tasks, n.header = header.tasks, header.sig.Options
	result := p.freeze(n.body, frozen{id: f.id, group: f.group, chord: f.chord, root: f.root, index: f.index})
	if result != nil {
		first := result
		for first.Parent != nil {
			first = first.Parent
		}
		first.Parent = headerResult
	}
	return result
}
