package oracle

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestATransitionLeavesRedisAsAsynqsOwnServerWould(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		allowed := documented()
		theirs, own := make(map[string]bool), make(map[string]bool)
		for _, tr := range slices.Concat(adding, running, failing, waiting) {
			t.Run(tr.name, func(t *testing.T) {
				want, got := tr.perform(t, client, newPlain), tr.perform(t, client, newOurs)
				for label := range want {
					compare(t, allowed, tr.name, label, want[label], got[label])
					note(theirs, want[label])
					note(own, got[label])
				}
			})
		}
		if t.Failed() {
			return // what did not get there shows no differences
		}
		for _, d := range allowed {
			if !d.shown {
				t.Errorf("no transition differs in %s any more (%s: %s): remove it from the documented differences", d.path, d.transition, d.reason)
			}
		}
		same(t, "asynq", theirs, asynqs, nil)
		same(t, "ours", own, asynqs, additions)
	})
}

func TestATaskOfAForeignClientEndsAsAtAsynqsServer(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tr := range slices.Concat(running, failing) {
			t.Run(tr.name, func(t *testing.T) {
				want, got := tr.perform(t, client, newPlain), tr.perform(t, client, newForeign)
				for label := range want {
					compare(t, documented(), tr.name, label, want[label], got[label])
				}
			})
		}
	})
}

func TestATaskOfOursEndsAtAsynqsServerAsOneOfItsOwn(t *testing.T) {
	t.Parallel()
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tr := range slices.Concat(running, failing) {
			if tr.name == "die by the last retry" {
				continue // asynq gives ours one retry more
			}
			t.Run(tr.name, func(t *testing.T) {
				want, got := tr.perform(t, client, newPlain), tr.perform(t, client, newHost)
				for label := range want {
					compare(t, documented(), tr.name, label, want[label], got[label])
				}
			})
		}
	})
}

func TestWhatIsKeptPastItsRetentionIsRemovedAsAsynqDoes(t *testing.T) {
	if testing.Short() {
		t.Skip("waits a minute for the janitor")
	}
	t.Parallel()
	runBoth(t, func(t *testing.T, client redis.UniversalClient) {
		want, got := expiring.perform(t, client, newPlain), expiring.perform(t, client, newOurs)
		compare(t, documented(), expiring.name, "end", want["end"], got["end"])
	})
}

// compare reports where two dumps differ and may not.
func compare(t *testing.T, allowed []*difference, transition, label string, want, got dump) {
	t.Helper()
	paths := make(map[string]bool)
	for path := range want {
		paths[path] = true
	}
	for path := range got {
		paths[path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		w, wanted := want[path]
		g, there := got[path]
		if wanted && there && w.equal(g) || excused(allowed, transition, path) {
			continue
		}
		switch {
		case !there:
			t.Errorf("%s: %s is missing, with asynq it is %s", label, path, w)
		case !wanted:
			t.Errorf("%s: %s is %s, with asynq there is none", label, path, g)
		default:
			t.Errorf("%s: %s is %s, with asynq it is %s", label, path, g, w)
		}
	}
}

// excused reports whether a path may differ in a transition.
func excused(allowed []*difference, transition, path string) bool {
	for _, d := range allowed {
		if d.covers(transition, path) {
			d.shown = true
			return true
		}
	}
	return false
}

var (
	ofTask   = regexp.MustCompile(`:t:\S+`)
	ofLock   = regexp.MustCompile(`:unique:\S+`)
	ofLane   = regexp.MustCompile(`:wake:\S+`)
	ofMember = regexp.MustCompile(`(?s) (\{.*\}|\[\d+\])$`)
)

// note keeps the shape of what was seen: keys with their types, fields, parts of messages.
func note(seen map[string]bool, d dump) {
	for path, value := range d {
		path = ofTask.ReplaceAllString(path, ":t:<id>")
		path = ofLock.ReplaceAllString(path, ":unique:<lock>")
		path = ofLane.ReplaceAllString(path, ":wake:<lane>")
		path = ofMember.ReplaceAllString(path, " <member>")
		if !strings.Contains(path, " ") {
			path += " is a " + value.text
		}
		seen[path] = true
	}
}

// same reports what was seen and nobody knows, and what is not there any more, but for what
// may be there or not.
func same(t *testing.T, whose string, seen map[string]bool, known, optional []string) {
	t.Helper()
	for _, shape := range slices.Sorted(maps.Keys(seen)) {
		if !slices.Contains(known, shape) && !slices.Contains(optional, shape) {
			t.Errorf("%s: %q is new: has asynq changed its format, or ours without a word in docs/redis.md?", whose, shape)
		}
	}
	for _, shape := range known {
		if !seen[shape] {
			t.Errorf("%s: %q is not there any more: has asynq changed its format?", whose, shape)
		}
	}
}
