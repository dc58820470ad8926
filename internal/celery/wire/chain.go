package wire

import (
	"encoding/json"
	"slices"
)

// prepare turns a chain into steps that follow one another, the first one last: chains in it
// are spliced, groups of one are that one, and a group with a step after it becomes a chord.
// f is for the last step alone, but for the root. It returns what a client follows of each.
func (p *planner) prepare(n *node, args []json.RawMessage, f frozen, errbacks []json.RawMessage) ([]*node, []*Child) {
	var steps []*node
	var results []*Child
	all := spliced(n.tasks)
	for i, step := range slices.Backward(all) {
		if i == 0 && !step.sig.Immutable {
			step.sig.Args = append(slices.Clone(args), step.sig.Args...)
		}
		if last := len(steps) - 1; step.kind == group && last >= 0 {
			step = &node{kind: chord, tasks: step.tasks, header: step.sig.Options, body: steps[last], sig: Signature{Task: "celery.chord", Args: step.sig.Args}}
			steps, results = steps[:last], results[:last]
		}
		told := frozen{root: f.root}
		if i == len(all)-1 {
			told = f
		}
		result := p.freeze(step, told)
		follow(results, result)
		for _, errback := range errbacks {
			step.onError(errback)
		}
		steps, results = append(steps, step), append(results, result)
	}
	return steps, results
}

// follow says that the step whose result came last follows this one. An empty group follows
// nothing.
func follow(results []*Child, result *Child) {
	if len(results) == 0 {
		return
	}
	first := results[len(results)-1]
	for first != nil && first.Parent != nil {
		first = first.Parent
	}
	if first != nil && (first.Group == nil || len(first.Group) > 0) {
		first.Parent = result
	}
}

// spliced returns the steps of a chain with those of chains in it.
func spliced(tasks []*node) []*node {
	var steps []*node
	for _, n := range tasks {
		for n.kind == group && len(n.tasks) == 1 {
			n = n.tasks[0]
		}
		if n.kind == chain {
			steps = append(steps, spliced(n.tasks)...)
		} else {
			steps = append(steps, n)
		}
	}
	return steps
}

// onError has an errback called if the step fails: each task of a group, the body of a chord.
func (n *node) onError(errback json.RawMessage) {
	switch n.kind {
	case group, chain:
		for _, task := range n.tasks {
			task.onError(errback)
		}
	case chord:
		n.body.onError(errback)
	default:
		n.extend("link_error", errback)
	}
}

// extend adds signatures to an option that is one or a list of them.
func (n *node) extend(name string, values ...json.RawMessage) {
	n.set(name, appendList(nil, append(listOf(n.sig.Options.Get(name)), values...)))
}

// listOf returns the values of an option that may be a list or one value alone.
func listOf(raw json.RawMessage) []json.RawMessage {
	if raw == nil {
		return nil
	}
	if values, err := elements(raw); err == nil {
		return values
	}
	return []json.RawMessage{raw}
}
