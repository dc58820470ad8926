package agents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"switchyard/internal/cache"
	"switchyard/internal/llm"
	"switchyard/internal/usage"
)

// Book keeps what users spend.
type Book interface {
	// Reserve sets aside what a call takes at most, under a name of its own. The error is
	// [usage.ErrTokens] or [usage.ErrMoney] if the user's day has no room for it.
	Reserve(ctx context.Context, user, agent, name string, most usage.Amount) (usage.Call, error)
	// Limited reports whether there is a limit at all.
	Limited() bool
}

// askPaying asks one model once, from the user's budget of the day.
func (t *talk) askPaying(ctx context.Context, m llm.Priced, request llm.Request) (llm.Answer, error) {
	args := t.run.Args
	most := request.Most()
	paid, err := t.Book.Reserve(ctx, args.User, args.Agent, fmt.Sprintf("%s/%d", t.run.Task.Run, t.asked), usage.Amount{Tokens: most.Sum(), Money: m.Price.Of(most)})
	if err != nil {
		return llm.Answer{}, err
	}
	said := ""
	answer, err := m.Ask(ctx, request, func(piece string) {
		said += piece
		said = said[max(0, len(said)-maxTold):]
		t.tell(ctx, said)
	})
	// What was taken is written down although the run may be over.
	writing, cancel := cache.Outlast(ctx, writeWithin)
	defer cancel()
	if err != nil {
		return answer, errors.Join(err, paid.Release(writing))
	}
	return answer, paid.Settle(writing, usage.Amount{Tokens: answer.Usage.Sum(), Money: answer.Cost})
}

// writeWithin bounds how long it is tried to write down what a call has taken once the attempt is
// over. A worker that reaches no Redis for so long has lost its tasks in any case.
const writeWithin = 10 * time.Second

// daySpent names the part of the user's budget of the day that err says is used up, "" if it
// says no such thing.
func daySpent(err error) string {
	switch {
	case errors.Is(err, usage.ErrTokens):
		return "user_day_tokens"
	case errors.Is(err, usage.ErrMoney):
		return "user_day_money"
	}
	return ""
}
