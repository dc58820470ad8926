package rights

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// Lack is what Redis does not let its user do.
type Lack struct {
	// Rules are those that the user has not, in the form of [Needs.Rules]. They can be granted.
	Rules []string
	// Commands are those that Redis performs for nobody, as services do that run it for others. One may be
	// "memory|usage in scripts", of asynqmon's.
	Commands []string
}

// asynqmonAlone reports whether only the pages of asynqmon need what is performed for nobody.
func (l Lack) asynqmonAlone() bool {
	return !slices.ContainsFunc(l.Commands, func(name string) bool {
		return name != inScripts && !slices.ContainsFunc(ofAsynqmon, func(sample string) bool { return command(sample) == name })
	})
}

// inScripts is what many services refuse in scripts alone.
const inScripts = "memory|usage in scripts"

// Missing returns what of n Redis refuses; of a Cluster, on any master. It changes nothing: commands
// are queued in a transaction, which Redis checks one by one, and discarded. A user without the right
// to that learns of this alone. A Redis without access control, or without transactions, lacks nothing.
func Missing(ctx context.Context, client redis.UniversalClient, n Needs) (Lack, error) {
	_, n.Cluster = client.(*redis.ClusterClient)
	var mu sync.Mutex
	denied, refused := make(map[string]bool), make(map[string]bool)
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
		for _, rule := range found.Rules {
			denied[rule] = true
		}
		for _, command := range found.Commands {
			refused[command] = true
		}
		return err
	})
	if err != nil {
		return Lack{}, fmt.Errorf("ask redis for the user's rights: %w", err)
	}
	return Lack{
		slices.DeleteFunc(n.Rules(), func(rule string) bool { return !denied[rule] }),
		slices.Sorted(maps.Keys(refused)),
	}, nil
}

// missing asks one server, on one connection.
func (n Needs) missing(ctx context.Context, client redis.UniversalClient) (Lack, error) {
	frame := []question{{text: "MULTI"}, {text: "EXEC"}, {text: "MULTI"}, {text: "DISCARD"}}
	lacks, err := ask(ctx, client, frame)
	if err != nil || len(lacks.Rules)+len(lacks.Commands) > 0 {
		return lacks, err
	}
	keys, channels := n.keys(), n.channels()
	asked := []question{{text: "MULTI"}}
	for _, sample := range n.samples() {
		if !slices.Contains([]string{"MULTI", "EXEC", "DISCARD"}, sample) {
			asked = append(asked, question{sample, keys[0], channels[0]})
		}
	}
	for _, key := range keys {
		asked = append(asked, question{text: "GET KEY", key: key}, question{text: "SET KEY v", key: key})
	}
	for _, channel := range channels {
		asked = append(asked, question{text: "PSUBSCRIBE CHANNEL", channel: channel}, question{text: "PUBLISH CHANNEL v", channel: channel})
	}
	lacks, err = ask(ctx, client, append(asked, question{text: "DISCARD"}))
	if err == nil && n.Asynqmon && isRefused(sizeInScripts(ctx, client, keys[0])) {
		lacks.Commands = append(lacks.Commands, inScripts)
	}
	return lacks, err
}

// sizeInScripts does what the scripts of asynqmon do that many services refuse there alone.
func sizeInScripts(ctx context.Context, client redis.UniversalClient, pattern string) error {
	key := question{text: "KEY", key: pattern}.words()[0]
	return client.Do(ctx, "EVAL", "return redis.call('MEMORY', 'USAGE', KEYS[1])", 1, key).Err()
}

// question is a command in the form of a sample, with patterns of the key and the channel in it.
type question struct{ text, key, channel string }

// words returns what Redis is sent: a key of the pattern, which nobody has, and the channel.
func (q question) words() []any {
	var words []any
	for word := range strings.FieldsSeq(q.text) {
		switch word {
		case "KEY":
			word = strings.ReplaceAll(q.key, "*", "rights")
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

// refusals are what a Redis says that has no such command, or has it for nobody: Redis itself, if it
// was renamed away, and services that run it for others.
var refusals = []string{"unknown command", "unknown redis command", "unknown subcommand", "not available", "not allowed", "not supported", "unsupported", "disabled"}

// isRefused reports whether Redis performs a command for nobody. A Cluster that has a key elsewhere,
// and a server that takes no writes now, say so with words of their own in front.
func isRefused(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "ERR ") && !cache.IsDenied(err) &&
		slices.ContainsFunc(refusals, func(text string) bool { return strings.Contains(strings.ToLower(err.Error()), text) })
}

// ask asks on one connection and returns what Redis refused. What else there is to say against a
// command is no matter: in a Cluster most keys are elsewhere.
func ask(ctx context.Context, client redis.UniversalClient, questions []question) (Lack, error) {
	replies := make([]*redis.Cmd, len(questions))
	_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range questions {
			replies[i] = p.Do(ctx, q.words()...)
		}
		return nil
	})
	if err := replies[0].Err(); !cache.IsFinal(err) {
		return Lack{}, err
	}
	var lacks Lack
	for i, reply := range replies {
		// EXEC says of itself that it was aborted, for this reason.
		switch err := reply.Err(); {
		case err != nil && strings.Contains(err.Error(), "NOPERM "):
			lacks.Rules = append(lacks.Rules, questions[i].rule(err))
		case isRefused(err):
			lacks.Commands = append(lacks.Commands, command(questions[i].text))
		}
	}
	return lacks, nil
}
