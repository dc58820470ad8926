package agents

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"switchyard/internal/llm"
)

// maxTogether bounds how many tools a run calls at the same time.
const maxTogether = 4

// isAlone reports whether nothing else is called while a tool is, which is named as the model
// knows it: it has an effect, or a person has to approve of it.
func (t *talk) isAlone(name string) bool {
	tool, err := t.find(name)
	return t.needsApproval(name) || err == nil && tool.Effect()
}

// together returns how many of the calls, from the first on, are made at the same time.
func (t *talk) together(calls []llm.Call) int {
	n := 0
	for n < min(len(calls), maxTogether) && !t.isAlone(calls[n].Name) {
		n++
	}
	return max(1, n)
}

// callTogether makes calls at the same time. They begin and end in the journal in their order,
// whichever is done first. When one of them ends the run, so do the others; a panic of one goes
// on in the caller, who knows what to do.
func (t *talk) callTogether(ctx context.Context, first int, calls []llm.Call, made []called) error {
	group, ctx := errgroup.WithContext(ctx)
	panics := make(chan string, len(calls))
	var before *place
	for i, c := range calls {
		mine := &place{before: before, begun: make(chan struct{}), ended: make(chan struct{})}
		before = mine
		group.Go(func() (err error) {
			defer mine.leave()
			defer func() {
				if r := recover(); r != nil {
					panics <- fmt.Sprintf("tool %s: %v\n%s", c.Name, r, debug.Stack())
					err = errPanicked
				}
			}()
			mine.awaitBegin()
			made[i], err = t.callOne(ctx, mine, fmt.Sprintf("%d.%d", t.asked, first+i+1), c)
			return err
		})
	}
	err := group.Wait()
	if len(panics) > 0 {
		panic(<-panics)
	}
	return err
}

var errPanicked = errors.New("a tool panicked")

// place is the place of a call among those that are made at the same time.
type place struct {
	before *place // nil: it is the first
	once   sync.Once
	begun  chan struct{}
	ended  chan struct{}
}

// begins lets the next call begin.
func (p *place) begins() { p.once.Do(func() { close(p.begun) }) }

// leave lets the next call begin, and end.
func (p *place) leave() {
	p.begins()
	close(p.ended)
}

// awaitBegin waits until the call before has begun.
func (p *place) awaitBegin() {
	if p.before != nil {
		<-p.before.begun
	}
}

// awaitEnds waits until all calls before have ended.
func (p *place) awaitEnds() {
	for b := p.before; b != nil; b = b.before {
		<-b.ended
	}
}
