package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Body says what follows once all parts of a chord are there. last is the part that came
// last, with its Steps; parts are all of them in their order; saved is what is stored under
// [GroupKeys].Saved, nil for nothing; at is when. If a part failed, the body fails with
// ChordError, and so does what followed it. The plan is to be followed even with an error.
func Body(last Part, parts []Part, saved json.RawMessage, at time.Time) (Plan, error) {
	steps := last.Steps
	p := newPlanner(steps, Outcome{State: Success, At: at}, "body/"+last.Group)
	results, err := joined(parts, saved)
	if err == nil {
		var n *node
		if n, err = p.parse(*steps.Chord, "chord"); err == nil {
			err = p.apply(n, []json.RawMessage{results}, nil, false)
		}
		if err == nil {
			return p.plan, nil
		}
		err = refuse(ChordError, "Callback error: %w", err)
	}
	failed := Failed{Exception: ChordError, Messages: []string{err.Error()}, Traceback: "celery.exceptions.ChordError: " + err.Error()}
	p = newPlanner(steps, Outcome{State: Failure, Result: failed.Result(), Traceback: failed.Traceback, At: at}, "body/"+last.Group)
	return p.plan, p.failBody(*steps.Chord)
}

// failBody ends the body, and calls its errbacks: for them it is a task that has failed.
func (p *planner) failBody(sig Signature) error {
	n, err := p.parse(sig, "chord")
	if err != nil {
		return fmt.Errorf("end the body of chord %s: %w", p.steps.Group, err)
	}
	err = p.neverRuns(n)
	f := &fields{where: "chord.options.", object: sig.Options}
	p.steps = Steps{ID: f.text("task_id"), Errbacks: f.some("link_error"), ReplyTo: p.steps.ReplyTo}
	if err = errors.Join(err, f.err, p.errbacks()); err != nil {
		return fmt.Errorf("end the body of chord %s: %w", p.steps.Group, err)
	}
	return nil
}

// joined returns the results as the list that the body gets.
func joined(parts []Part, saved json.RawMessage) (json.RawMessage, error) {
	results := make([]json.RawMessage, len(parts))
	byID := make(map[string]json.RawMessage, len(parts))
	for i, part := range parts {
		if part.State == Failure || part.State == Revoked {
			return nil, refuse(ChordError, "Dependency %s raised %s", part.ID, reprException(part.Result))
		}
		results[i], byID[part.ID] = part.Result, part.Result
	}
	if saved == nil {
		return appendList(nil, results), nil
	}
	return nestedResults(saved, byID)
}

// nestedResults puts the results where the saved group has their ids.
func nestedResults(saved json.RawMessage, byID map[string]json.RawMessage) (json.RawMessage, error) {
	object, err := Members(saved)
	if err != nil {
		return nil, refuse(ChordError, "Join error: the saved group %w", err)
	}
	return resultsOf(object.Get("result"), byID)
}

// resultsOf reads [[id, parent], null] of a task, and [[id, parent], [members]] of a group.
func resultsOf(raw json.RawMessage, byID map[string]json.RawMessage) (json.RawMessage, error) {
	pair, err := elements(raw)
	if err != nil || len(pair) != 2 {
		return nil, refuse(ChordError, "Join error: the saved group has %s: it has to be [[id, parent], members]", show(raw))
	}
	if string(pair[1]) == "null" {
		id, err := elements(pair[0])
		if err != nil || len(id) == 0 || byID[text(id[0])] == nil {
			return nil, refuse(ChordError, "Join error: no part has the result of %s", show(pair[0]))
		}
		return byID[text(id[0])], nil
	}
	all, err := elements(pair[1])
	if err != nil {
		return nil, refuse(ChordError, "Join error: the members of the saved group: %w", err)
	}
	results := make([]json.RawMessage, len(all))
	for i, member := range all {
		if results[i], err = resultsOf(member, byID); err != nil {
			return nil, err
		}
	}
	return appendList(nil, results), nil
}
