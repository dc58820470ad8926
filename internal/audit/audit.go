// Package audit keeps who has changed what by hand: pauses and resumes, decisions about steps,
// tasks run now or deleted. What the system does by itself is not in it.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
)

// kept is about how many of the latest records are kept.
const kept = 10_000

// Via is the way by which something was asked for.
type Via string

// The ways.
const (
	Command Via = "command" // of the command line
	Message Via = "message" // on a control channel
	Page    Via = "page"    // of the monitor
	Request Via = "request" // of the HTTP API
	Program Via = "program" // of an application, in Go
	Link    Via = "link"    // a reader's secret address
)

// Actor is who asks for something.
type Actor struct {
	Name string `json:"name,omitempty"` // as far as it is known
	Via  Via    `json:"via"`
	From string `json:"from,omitempty"` // host, address or channel
}

// String names the actor to people.
func (a Actor) String() string {
	switch {
	case a.Name == "" && a.From == "":
		return "a " + string(a.Via)
	case a.Name == "":
		return fmt.Sprintf("a %s from %s", a.Via, a.From)
	case a.From == "":
		return fmt.Sprintf("%s (%s)", a.Name, a.Via)
	}
	return fmt.Sprintf("%s (%s from %s)", a.Name, a.Via, a.From)
}

// Record is one act.
type Record struct {
	At time.Time `json:"at"` // by Redis's clock
	Actor
	Did string `json:"did"` // such as pause, approve, delete
	// User and Task, as queue/id, are what it was done to, as far as there is one.
	User string `json:"user,omitempty"`
	Task string `json:"task,omitempty"`
	// Detail is what else there is to say, such as how many runs stopped.
	Detail string `json:"detail,omitempty"`
}

// Log is the audit log of a deployment. It is safe for concurrent use.
type Log struct {
	client redis.UniversalClient
	key    string
}

// NewLog returns the log in a stream whose key carries prefix, which includes its colon.
func NewLog(client redis.UniversalClient, prefix string) *Log { return &Log{client, prefix + "audit"} }

const (
	// writeWithin bounds how long a record is tried to be kept, also once the caller's context
	// has ended: what is in it is done. In a cluster the log may be away while the rest is not.
	writeWithin = 10 * time.Second
	// writeEvery is how often it is tried.
	writeEvery = 100 * time.Millisecond
)

// Write adds a record of something that is done, and tries for a while if Redis does not take
// it; At is given by Redis.
func (l *Log) Write(ctx context.Context, r Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the record of a %s: %w", r.Did, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	err = cache.Patiently(ctx, writeEvery, cache.IsFinal, func() error {
		return l.client.XAdd(ctx, &redis.XAddArgs{Stream: l.key, MaxLen: kept, Approx: true, Values: []any{"record", text}}).Err()
	})
	if err != nil {
		return fmt.Errorf("%s is done, and not in the audit log: %w", r.Did, err)
	}
	return nil
}

// Read returns up to limit of the latest records, the latest first; those of a user alone if
// one is given.
func (l *Log) Read(ctx context.Context, user string, limit int) ([]Record, error) {
	all := make([]Record, 0, limit)
	for cursor := ""; len(all) < limit; {
		page, err := l.Search(ctx, Filter{User: user}, limit-len(all), cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Records...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return all, nil
}

// recordOf reads a record, whose time is in its ID. One that cannot be read says so and stops
// no others.
func recordOf(m redis.XMessage) Record {
	var r Record
	text, _ := m.Values["record"].(string)
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		r = Record{Did: "unreadable", Detail: m.ID}
	}
	var ms int64
	if _, err := fmt.Sscanf(m.ID, "%d-", &ms); err == nil {
		r.At = time.UnixMilli(ms).UTC()
	}
	return r
}
