package calendar

import (
	"context"
	"errors"
	"fmt"
)

// MaxSteps is how many steps a [Budget] allows: a thousand times what the dearest spec in
// common use takes, and a few tens of milliseconds of work.
const MaxSteps = 1_000_000

// ErrTooMuchWork says that a spec's ticks take more steps to find than a [Budget] allows.
var ErrTooMuchWork = errors.New("its ticks take too much work to find")

// Budget bounds the work of finding ticks. A step is what is done about one day, one
// period of a rule or one span between two changes of a clock, well below a microsecond.
// Every loop of this package pays for each of its turns, so that none goes on for ever,
// whatever the spec, the zone or the date. A budget belongs to one goroutine.
type Budget struct {
	ctx   context.Context
	spent int
}

// NewBudget returns a budget of [MaxSteps] that is used up at once when ctx ends.
func NewBudget(ctx context.Context) *Budget { return &Budget{ctx: ctx} }

// Spent returns how many steps were taken so far.
func (b *Budget) Spent() int { return b.spent }

// looks is how many steps go by between two looks at the context.
const looks = 1024

// spend pays for steps. The error is [ErrTooMuchWork] or that of the context.
func (b *Budget) spend(steps int) error {
	before := b.spent
	b.spent += steps
	if b.spent > MaxSteps {
		return fmt.Errorf("%w: it would be more than %d steps: use a simpler spec", ErrTooMuchWork, MaxSteps)
	}
	if before/looks != b.spent/looks || before == 0 {
		return b.ctx.Err()
	}
	return nil
}
