package mailbox

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	// maxAnswer bounds the list that a node answers with: what follows is left out.
	maxAnswer = 512 << 10
	// maxArguments bounds the arguments of one task in it: beyond, their beginning stands as text.
	maxArguments = 2048
)

// info is a task in an answer, as Celery's workers write it.
type info struct {
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Args         json.RawMessage `json:"args"`
	Kwargs       json.RawMessage `json:"kwargs"`
	Type         string          `json:"type"`
	Hostname     string          `json:"hostname"`
	Started      *float64        `json:"time_start"`
	Acknowledged bool            `json:"acknowledged"`
	Delivery     delivery        `json:"delivery_info"`
	PID          *int            `json:"worker_pid"`
}

type delivery struct {
	Exchange    string `json:"exchange"`
	RoutingKey  string `json:"routing_key"`
	Priority    int    `json:"priority"`
	Redelivered *bool  `json:"redelivered"`
}

// tell returns what a node says of a task. As text: its arguments are given as such.
func (n *Node) tell(r Request, asText bool) info {
	i := info{
		ID: r.ID, Name: r.Name, Type: r.Name, Hostname: n.events.Name, Acknowledged: !r.Started.IsZero(),
		Args: told(r.Args, `[]`, asText), Kwargs: told(r.Kwargs, `{}`, asText), Delivery: delivery{RoutingKey: r.Queue, Priority: r.Priority},
	}
	if !r.Started.IsZero() {
		i.Started, i.PID = new(seconds(r.Started)), new(os.Getpid())
	}
	return i
}

// told returns arguments, or a text with their beginning.
func told(arguments json.RawMessage, none string, asText bool) json.RawMessage {
	if len(arguments) == 0 {
		arguments = json.RawMessage(none)
	}
	if asText || len(arguments) > maxArguments || !json.Valid(arguments) {
		text, _ := json.Marshal(cut(string(arguments), maxArguments)) // a text always becomes JSON
		return text
	}
	return arguments
}

// cut returns a text of at most most bytes, and three dots where it was longer.
func cut(text string, most int) string {
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// seconds returns a time as Python has it.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// bounded returns the first of items, as many as an answer has room for.
func bounded[T any](items []T) ([]json.RawMessage, error) {
	list, room := []json.RawMessage{}, maxAnswer
	for _, item := range items {
		text, err := json.Marshal(item)
		if err != nil {
			return nil, failed(err)
		}
		if room -= len(text); room < 0 {
			break
		}
		list = append(list, text)
	}
	return list, nil
}

// inStage returns what a node says of the tasks in a stage.
func (n *Node) inStage(ctx context.Context, stage Stage, asText bool) (any, error) {
	requests, err := n.worker.Tasks(ctx, stage)
	if err != nil {
		return nil, failed(err)
	}
	infos := make([]info, len(requests))
	for i, r := range requests {
		infos[i] = n.tell(r, asText)
	}
	return bounded(infos)
}

func (n *Node) active(ctx context.Context, a arguments) (any, error) {
	var safe bool
	if err := a.read("safe", &safe); err != nil {
		return nil, err
	}
	return n.inStage(ctx, Active, safe)
}

func (n *Node) reserved(ctx context.Context, _ arguments) (any, error) {
	return n.inStage(ctx, Reserved, false)
}

// waiting is a task whose time has not come.
type waiting struct {
	ETA      string `json:"eta"`
	Priority int    `json:"priority"`
	Request  info   `json:"request"`
}

func (n *Node) scheduled(ctx context.Context, _ arguments) (any, error) {
	requests, err := n.worker.Tasks(ctx, Scheduled)
	if err != nil {
		return nil, failed(err)
	}
	all := make([]waiting, len(requests))
	for i, r := range requests {
		all[i] = waiting{isoTime(r.ETA), r.Priority, n.tell(r, false)}
	}
	return bounded(all)
}

// isoTime returns a time as Python writes it.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

func (n *Node) revoked(ctx context.Context, _ arguments) (any, error) {
	ids, err := n.worker.Revoked(ctx)
	if err != nil {
		return nil, failed(err)
	}
	return bounded(ids)
}

// queryTask answers with the stage of tasks and what is known of them. Those that are not here are left
// out.
func (n *Node) queryTask(ctx context.Context, a arguments) (any, error) {
	ids, err := a.ids("ids")
	if err != nil {
		return nil, err
	}
	known, room := map[string][2]any{}, maxAnswer/(4*maxArguments)
	for stage, name := range map[Stage]string{Active: "active", Reserved: "reserved"} {
		requests, err := n.worker.Tasks(ctx, stage)
		if err != nil {
			return nil, failed(err)
		}
		for _, r := range requests {
			if len(known) < room && slices.Contains(ids, r.ID) {
				known[r.ID] = [2]any{name, n.tell(r, false)}
			}
		}
	}
	return known, nil
}

// registered answers with the names of tasks and the attributes that are asked for.
func (n *Node) registered(_ context.Context, a arguments) (any, error) {
	var items []string
	if err := a.read("taskinfoitems", &items); err != nil {
		return nil, err
	}
	if len(items) == 0 {
		items = []string{"exchange", "routing_key", "rate_limit"}
	}
	lines := make([]string, 0, len(n.profile.Tasks))
	for _, t := range n.profile.Tasks {
		var known []string
		for _, item := range items[:min(len(items), 20)] {
			if value, is := t.Attributes[item]; is {
				known = append(known, item+"="+value)
			}
		}
		line := t.Name
		if len(known) > 0 {
			line += " [" + strings.Join(known, " ") + "]"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return bounded(lines)
}
