package cache

import (
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestOnlyAnAnswerThatStaysTheSameIsFinal(t *testing.T) {
	for text, final := range map[string]bool{
		"WRONGTYPE Operation against a key holding the wrong kind of value": true,
		"NOSCRIPT No matching script":                                       true,
		"MOVED 2852 127.0.0.1:27262":                                        false,
		"ASK 2852 127.0.0.1:27262":                                          false,
		"CLUSTERDOWN The cluster is down":                                   false,
		"READONLY You can't write against a read only replica.":             false,
		"OOM command not allowed when used memory > 'maxmemory'.":           false,
	} {
		err := fmt.Errorf("keep the result: %w", answer(text))
		if got := IsFinal(err); got != final {
			t.Errorf("%s: final %v, want %v", text, got, final)
		}
	}
	if !IsFinal(nil) || !IsFinal(redis.Nil) || !IsFinal(fmt.Errorf("get: %w", redis.ErrClosed)) || IsFinal(errors.New("connection refused")) {
		t.Error("no error, no value and a closed client are answers, an outage is none")
	}
}

// answer is an error that Redis has answered.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}
