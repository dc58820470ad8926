package survey

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"switchyard/internal/celery/mailbox"
)

// answersWithin is how long nodes have to answer.
const answersWithin = 2 * time.Second

// ours is how the names of nodes begin that are workers of Switchyard.
const ours = "switchyard-"

// ask asks the nodes which queues they take from, and which tasks they know.
func (s *survey) ask(ctx context.Context) {
	queues, err := mailbox.Ask(ctx, s.Broker, "active_queues", answersWithin)
	if err != nil {
		s.silent = true
		s.remark("Celery's workers cannot be asked which queues they take from: %v", err)
		return
	}
	known := map[string]json.RawMessage{}
	if len(queues) > 0 {
		known, _ = mailbox.Ask(ctx, s.Broker, "registered", answersWithin) // who does not answer is asked again next time
	}
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		if strings.HasPrefix(name, ours) {
			continue // it takes from no list itself
		}
		w := Worker{Name: name, Queues: []string{}}
		var takes []struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(queues[name], &takes) != nil {
			s.remark("what %s says of its queues is not understood: %.200s", name, queues[name])
			continue
		}
		for _, q := range takes {
			w.Queues = append(w.Queues, q.Name)
		}
		slices.Sort(w.Queues)
		w.knows = registered(known[name])
		s.Workers = append(s.Workers, w)
	}
}

// registered reads the tasks that a node knows, nil if it did not say.
func registered(said json.RawMessage) map[string]bool {
	var lines []string
	if json.Unmarshal(said, &lines) != nil {
		return nil
	}
	known := map[string]bool{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ") // what follows are its attributes
		known[name] = true
	}
	return known
}

// takers returns the names of Celery's workers that take from a queue.
func (s *survey) takers(queue string) (names []string) {
	for _, w := range s.Workers {
		if slices.Contains(w.Queues, queue) {
			names = append(names, w.Name)
		}
	}
	return names
}
