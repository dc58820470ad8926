package wire

import (
	"encoding/json"
	"fmt"
)

// succeed plans what follows a success: callbacks, then the next step of the chain, then the
// task's part of its chord.
func (p *planner) succeed() error {
	if err := valid(p.plan.Outcome.Result); err != nil {
		return fmt.Errorf("the result %w", err)
	}
	args := []json.RawMessage{p.plan.Outcome.Result}
	if err := p.callbacks(args); err != nil {
		return err
	}
	if last := len(p.steps.Chain) - 1; last >= 0 {
		n, err := p.parse(p.steps.Chain[last], fmt.Sprintf("chain[%d]", last))
		if err != nil {
			return err
		}
		rest := appendSignatures(nil, append([]Signature{}, p.steps.Chain[:last]...))
		if err := p.apply(n, args, p.lineage().with("chain", rest), true); err != nil {
			return err
		}
	}
	p.part(p.steps)
	return nil
}

// callbacks sends groups first and all others as one group, as Celery does; one alone goes
// as it is.
func (p *planner) callbacks(args []json.RawMessage) error {
	others := &node{kind: group}
	var all []*node
	for i, sig := range p.steps.Callbacks {
		n, err := p.parse(sig, fmt.Sprintf("callbacks[%d]", i))
		if err != nil {
			return err
		}
		if n.kind == group || len(p.steps.Callbacks) == 1 {
			all = append(all, n)
		} else {
			others.tasks = append(others.tasks, n)
		}
	}
	for _, n := range append(all, others) {
		if err := p.apply(n, args, p.lineage(), true); err != nil {
			return err
		}
	}
	return nil
}

// part returns the task's own part to its chord.
func (p *planner) part(s Steps) {
	if s.Chord == nil || s.Group == "" || s.ID == "" {
		return
	}
	p.plan.Parts = append(p.plan.Parts, Part{
		ID: s.ID, Group: s.Group, Index: s.GroupIndex, State: p.plan.Outcome.State, Result: p.plan.Outcome.Result, Steps: s,
	})
}
