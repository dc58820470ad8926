package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// Missing returns the rules of n that Redis's user lacks, in the form of [Needs.Rules]; of a
// Cluster, on any master. It performs nothing: commands are queued in a transaction, which Redis
// checks one by one, and discarded. A user without the right to that learns of this alone. A Redis
// without access control, or without transactions, lacks nothing.
func Missing(ctx context.Context, client redis.UniversalClient, n Needs) ([]string, error) {
	_, n.Cluster = client.(*redis.ClusterClient)
	var mu sync.Mutex
	lacks := make(map[string]bool)
	err := cache.EachMaster(ctx, client, func(ctx context.Context, master redis.UniversalClient) error {
		// What is left of a transaction that cannot be discarded ends with its connection.
		own, err := cache.Blocking(master, 1)
		if err != nil {
			return err
		}
		defer func() { _ = own.Close() }()
		found, err := n.missing(ctx, own)
		mu.Lock()
		defer mu.Unlock()
		for _, rule := range found {
			lacks[rule] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask redis for the user's rights: %w", err)
	}
	return slices.DeleteFunc(n.Rules(), func(rule string) bool { return !lacks[rule] }), nil
}

// missing asks one server, on one connection.
func (n Needs) missing(ctx context.Context, client redis.UniversalClient) ([]string, error) {
	frame := []question{{text: "MULTI"}, {text: "EXEC"}, {text: "MULTI"}, {text: "DISCARD"}}
	lacks, err := denied(ctx, client, frame)
	if err != nil || len(lacks) > 0 {
		return lacks, err
	}
	keys := n.keys()
	asked := []question{{text: "MULTI"}}
	for _, sample := range n.samples() {
		if !slices.Contains([]string{"MULTI", "EXEC", "DISCARD"}, sample) {
			asked = append(asked, question{sample, keys[0], channels[0]})
		}
	}
	for _, key := range keys {
		asked = append(asked, question{text: "GET KEY", key: key}, question{text: "SET KEY v", key: key})
	}
	for _, channel := range n.channels() {
		asked = append(asked, question{text: "PSUBSCRIBE CHANNEL", channel: channel}, question{text: "PUBLISH CHANNEL v", channel: channel})
	}
	return denied(ctx, client, append(asked, question{text: "DISCARD"}))
}

// question is a command in the form of a sample, with patterns of the key and the channel in it.
type question struct{ text, key, channel string }

// words returns what Redis is sent: a key of the pattern, which nobody has, and the channel.
func (q question) words() []any {
	var words []any
	for word := range strings.FieldsSeq(q.text) {
		switch word {
		case "KEY":
			word = strings.TrimSuffix(q.key, "*") + "{rights}"
		case "CHANNEL":
			word = q.channel
		}
		words = append(words, word)
	}
	return words
}

// rule returns the rule that allows what was refused with an error.
func (q question) rule(refused error) string {
	switch text := refused.Error(); {
	case strings.Contains(text, "of the channels"):
		return "&" + q.channel
	case strings.Contains(text, "of the keys"):
		return "~" + q.key
	}
	return "+" + command(q.text)
}

// denied asks on one connection and returns the rules without which Redis refused something. What
// else there is to say against a command is no matter: in a Cluster most keys are elsewhere.
func denied(ctx context.Context, client redis.UniversalClient, questions []question) ([]string, error) {
	replies := make([]*redis.Cmd, len(questions))
	_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range questions {
			replies[i] = p.Do(ctx, q.words()...)
		}
		return nil
	})
	if err := replies[0].Err(); !cache.IsFinal(err) {
		return nil, err
	}
	var rules []string
	for i, reply := range replies {
		// EXEC says of itself that it was aborted, for this reason.
		if err := reply.Err(); err != nil && strings.Contains(err.Error(), "NOPERM ") {
			rules = append(rules, questions[i].rule(err))
		}
	}
	return rules, nil
}
