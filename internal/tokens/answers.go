package tokens

import (
	"crypto/sha256"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// answerFor is how long an answer of Redis counts in a process, so that a client with thousands
	// of requests a second asks Redis once a second. For as long a revoked token may be accepted.
	answerFor = time.Second
	// maxGranted and maxRefused bound how many answers are remembered. Refusals have a place of
	// their own: whoever tries tokens out displaces nobody's.
	maxGranted, maxRefused = most, 1000
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
}

func newAnswers() *answers {
	granted, _ := lru.New[tried, answer](maxGranted) // fails for sizes below 1
	refused, _ := lru.New[tried, answer](maxRefused)
	return &answers{granted: granted, refused: refused}
}

// recall returns the answer about a token, if it is fresh.
func (a *answers) recall(of tried, now time.Time) (answer, bool) {
	for _, some := range []*lru.Cache[tried, answer]{a.granted, a.refused} {
		if found, ok := some.Get(of); ok {
			// A clock that was set back makes no answer last longer.
			if age := now.Sub(found.asked); age >= 0 && age < answerFor && found.round == a.round.Load() {
				return found, true
			}
			some.Remove(of)
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
