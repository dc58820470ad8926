package tokens

import (
	"context"
	"crypto/sha256"
	"strconv"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	// answerFor is how long an answer of Redis counts in a process, so that a client with thousands
	// of requests a second asks Redis once a second. For as long a revoked token may be accepted.
	answerFor = time.Second
	// maxGranted and maxRefused bound how many answers are remembered. Refusals have a place of
	// their own: whoever tries tokens out displaces nobody's.
	maxGranted, maxRefused = most, 1000
	// askWithin bounds a question, which several requests may wait for.
	askWithin = 5 * time.Second
)

// tried is the sum of a token's text, so that no memory holds the text.
type tried [sha256.Size]byte

// answer is what was found of a token.
type answer struct {
	token   Token
	unknown bool // there is none, or its secret is another one
	asked   time.Time
	round   int64 // in which it was asked
}

// answers are those of the last second. They are safe for concurrent use.
type answers struct {
	granted, refused *lru.Cache[tried, answer]
	// round changes when a token is revoked here. What was asked in an earlier one is void, also
	// if it arrives later.
	round atomic.Int64
	asks  singleflight.Group
}

func newAnswers() *answers {
	granted, _ := lru.New[tried, answer](maxGranted) // fails for sizes below 1
	refused, _ := lru.New[tried, answer](maxRefused)
	return &answers{granted: granted, refused: refused}
}

// answer returns what is remembered, or asks. Whoever wants the same answer at a time shares one
// question, which outlives a request that gives up: a slow Redis is not asked by every request.
func (a *answers) answer(ctx context.Context, of tried, now time.Time, ask func(context.Context) (answer, error)) (answer, error) {
	for second := false; ; second = true {
		if found, ok := a.recall(of, now); ok {
			return found, nil
		}
		// Nobody who comes after a revocation shares a question from before it.
		name := string(of[:]) + strconv.FormatInt(a.round.Load(), 10)
		asked := a.asks.DoChan(name, func() (any, error) {
			// The question of another one may have been answered since this one looked.
			if found, ok := a.recall(of, now); ok {
				return found, nil
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
			defer cancel()
			found, err := ask(ctx)
			if err == nil {
				a.remember(of, found)
			}
			return found, err
		})
		select {
		case is := <-asked:
			found, _ := is.Val.(answer)
			// The first may be a question from long before; the second is from after now.
			if is.Err != nil || second || now.Sub(found.asked) < answerFor {
				return found, is.Err
			}
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
}

// recall returns the answer about a token, if it is fresh.
func (a *answers) recall(of tried, now time.Time) (answer, bool) {
	for _, some := range []*lru.Cache[tried, answer]{a.granted, a.refused} {
		if found, ok := some.Get(of); ok {
			// A clock that was set back makes no answer last longer.
			if now.Sub(found.asked).Abs() < answerFor && found.round == a.round.Load() {
				return found, true
			}
		}
	}
	return answer{}, false
}

// remember keeps an answer.
func (a *answers) remember(of tried, found answer) {
	if found.unknown || found.token.State != Active {
		a.refused.Add(of, found)
		return
	}
	a.granted.Add(of, found)
}

// forget makes all answers void, those under way too.
func (a *answers) forget() { a.round.Add(1) }
