package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// fail plans what follows a failure or a revocation. The task returns its part, and so does
// each step of its chain that a chord waits for: otherwise the chord would wait for ever.
// The errbacks of a failure follow.
func (p *planner) fail() error {
	p.part(p.steps)
	var errs []error
	for i, sig := range p.steps.Chain {
		errs = append(errs, p.never(sig, fmt.Sprintf("chain[%d]", i)))
	}
	if p.plan.Outcome.State == Failure {
		errs = append(errs, p.errbacks())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end what followed task %s: %w", p.steps.ID, err)
	}
	return nil
}

// errbacks sends the errbacks as one group, with the task's id before their arguments. That
// is the old of Celery's two ways: the new one calls them within a Python worker.
func (p *planner) errbacks() error {
	all := &node{kind: group}
	var errs []error
	for i, sig := range p.steps.Errbacks {
		n, err := p.parse(sig, fmt.Sprintf("errbacks[%d]", i))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all.tasks = append(all.tasks, n)
	}
	sent := p.plan
	if err := p.apply(all, []json.RawMessage{quote(p.steps.ID)}, p.lineage().without("priority"), false); err != nil {
		errs, p.plan = append(errs, err), sent
	}
	return errors.Join(errs...)
}

// never ends what sig stands for: it will not run.
func (p *planner) never(sig Signature, where string) error {
	n, err := p.parse(sig, where)
	if err != nil {
		return err
	}
	return p.neverRuns(n)
}

// neverRuns writes metas of all tasks of the node, with the outcome of what they waited for,
// and has those that a chord waits for return their parts.
func (p *planner) neverRuns(n *node) error {
	outer := Object{}
	for _, name := range []string{"chord", "group_id", "group_index", "chain"} {
		if raw := n.sig.Options.Get(name); raw != nil && n.kind != single {
			outer = outer.with(name, raw)
		}
	}
	var errs []error
	for i, task := range n.tasks {
		switch {
		case n.kind == chord:
			// Nobody counts the parts of a chord that never began: its body returns its own.
			task.sig.Options = task.sig.Options.without("chord", "group_id")
		case n.kind == group || i == len(n.tasks)-1:
			task.sig.Options = inherit(task.sig.Options, outer)
		}
		errs = append(errs, p.neverRuns(task))
	}
	if n.kind == chord {
		n.body.sig.Options = inherit(n.body.sig.Options, outer)
		errs = append(errs, p.neverRuns(n.body))
	}
	if n.kind == single {
		errs = append(errs, p.neverRan(n))
	}
	return errors.Join(errs...)
}

// inherit gives options what they do not have themselves.
func inherit(options, outer Object) Object {
	for _, m := range outer {
		if !options.Has(m.Name) {
			options = options.with(m.Name, m.Value)
		}
	}
	return options
}

// neverRan ends one task that will never run.
func (p *planner) neverRan(n *node) error {
	f := &fields{where: n.sig.Task + ": options.", object: n.sig.Options}
	o := p.plan.Outcome
	s := Steps{
		ID: f.text("task_id"), Group: f.text("group_id"), Parent: f.text("parent_id"), Root: f.text("root_id"),
		GroupIndex: f.whole("group_index"), Chord: p.chord(f), ReplyTo: f.text("reply_to"),
	}
	errs := []error{f.err}
	if s.ID != "" {
		m := Meta{ID: s.ID, Status: o.State, Result: o.Result, Traceback: o.Traceback, Done: o.At}.Of(s)
		p.plan.Metas = append(p.plan.Metas, m.Extend(Message{Task: n.sig.Task, Args: n.sig.Args, Kwargs: n.sig.Kwargs}, "", ""))
		p.part(s)
	}
	for i, sig := range slices.Backward(f.signatures("chain")) {
		errs = append(errs, p.never(sig, fmt.Sprintf("%schain[%d]", f.where, i)))
	}
	return errors.Join(errs...)
}
