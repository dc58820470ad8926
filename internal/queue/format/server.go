package format

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Sorted sets of the records of asynqmon's Servers page, by when they expire.
const (
	AllServers = "asynq:servers"
	AllWorkers = "asynq:workers"
)

// Server is asynq's ServerInfo: a process that performs tasks.
type Server struct {
	Host        string
	PID         int
	ID          string
	Concurrency int
	Queues      map[string]int // their priorities
	Status      string         // active or stopped
	Started     time.Time
	Running     int // tasks
}

// Key returns the key of the record, and WorkersKey that of what the server runs.
func (s Server) Key() string { return fmt.Sprintf("asynq:servers:{%s:%d:%s}", s.Host, s.PID, s.ID) }

// WorkersKey returns the key of the hash of [Running], by task.
func (s Server) WorkersKey() string {
	return fmt.Sprintf("asynq:workers:{%s:%d:%s}", s.Host, s.PID, s.ID)
}

// Encode returns s as asynq's ServerInfo.
func (s Server) Encode() []byte {
	b := appendText(nil, 1, s.Host)
	b = appendNumber(b, 2, int64(s.PID))
	b = appendText(b, 3, s.ID)
	b = appendNumber(b, 4, int64(s.Concurrency))
	for _, name := range slices.Sorted(maps.Keys(s.Queues)) {
		entry := appendAny(nil, 1, name)
		b = appendAny(b, 5, string(appendNumber(entry, 2, int64(s.Queues[name]))))
	}
	b = appendText(b, 7, s.Status)
	b = appendAny(b, 8, timestamp(s.Started))
	return appendNumber(b, 9, int64(s.Running))
}

// Running is asynq's WorkerInfo: a task that a server performs.
type Running struct {
	Server   Server
	ID       string
	Kind     string
	Payload  []byte
	Queue    string
	Started  time.Time
	Deadline time.Time
}

// Encode returns r as asynq's WorkerInfo.
func (r Running) Encode() []byte {
	b := appendText(nil, 1, r.Server.Host)
	b = appendNumber(b, 2, int64(r.Server.PID))
	b = appendText(b, 3, r.Server.ID)
	b = appendText(b, 4, r.ID)
	b = appendText(b, 5, r.Kind)
	b = appendText(b, 6, string(r.Payload))
	b = appendText(b, 7, r.Queue)
	b = appendAny(b, 8, timestamp(r.Started))
	return appendAny(b, 9, timestamp(r.Deadline))
}

// timestamp returns t as a google.protobuf.Timestamp, to the second.
func timestamp(t time.Time) string {
	return string(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(t.Unix())))
}
