package tasks

import (
	"math/rand/v2"
	"time"
)

// MaxRetryDelay bounds the growth of a policy's retry delay.
const MaxRetryDelay = time.Hour

// Policy is what a kind may do. The zero value retries nothing and has no limits;
// package routing holds the defaults.
type Policy struct {
	// Retries is how many attempts may follow the first.
	Retries int `json:"retries"`
	// RetryDelay is the delay before the first retry. It doubles with each further one.
	RetryDelay time.Duration `json:"retry_delay"`
	// Losses is how often the task is run again after its worker was lost with it, killed
	// or cut off. One more, and it goes to the dead letter as poison. It spends no retry.
	Losses int `json:"losses"`
	// SoftLimit cancels the handler's context, so that it can save its work. 0: none.
	SoftLimit time.Duration `json:"soft_limit"`
	// HardLimit ends the attempt. 0: none.
	HardLimit time.Duration `json:"hard_limit"`
	// Retention is how long a finished task and its result are kept. 0: not at all.
	Retention time.Duration `json:"retention"`
	// Unique refuses a second task of the same kind and payload while the first waits
	// or runs, for at most this long. 0: duplicates are allowed.
	Unique time.Duration `json:"unique"`
}

// Delay returns how long to wait before the retry that follows failures failed
// attempts (1 for the first retry): RetryDelay doubled each time up to
// [MaxRetryDelay], plus up to a fifth of jitter, so that tasks that failed together do
// not come back together.
func (p Policy) Delay(failures int) time.Duration {
	d := p.RetryDelay
	for i := 1; i < failures && d < MaxRetryDelay; i++ {
		d *= 2
	}
	d = min(d, MaxRetryDelay)
	if d <= 0 {
		return 0
	}
	return d + rand.N(d/5+1)
}
