package api

import (
	"time"

	"switchyard/internal/control"
	"switchyard/internal/queue"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/internal/usage"
	"switchyard/internal/users"
)

// This file is for callers in Go: it turns what the operations answer back into what the rest of
// the program speaks of, so that they need not care where it comes from.

// Status returns the task as whoever asks Redis sees it.
func (t Task) Status() tasks.Status {
	s := tasks.Status{
		ID: t.ID, Kind: t.Kind, Queue: t.Queue, State: t.State, Broken: t.Broken, Run: t.Run, Headers: t.Headers,
		Retried: t.Attempts - t.Losses, Retries: t.Retries, Losses: t.Losses, LastError: t.LastError, Error: t.Error, Cancel: t.Cancel,
		Tags: t.Tags, Meta: t.Meta, Created: t.Created, Since: t.Since, NextRun: t.Due, Deadline: t.Expires, Payload: t.Payload, Progress: t.Progress,
		Result: t.Result,
	}
	if t.State == tasks.StateSucceeded {
		s.Completed = t.EndedAt
	}
	return s
}

// Receipt says where the task went.
func (t Task) Receipt() tasks.Receipt { return tasks.Receipt{ID: t.ID, Kind: t.Kind, Queue: t.Queue} }

// Record returns the entry with its books.
func (e Entry) Record() schedule.Record {
	r := schedule.Record{Entry: e.entry(e.ID), Books: schedule.Books{
		Next: e.Tick, Last: e.Last, LastTask: e.LastTask, LastQueue: e.LastQueue, LastError: e.Error,
		Runs: e.Runs, Skipped: e.Skipped, Paused: e.Paused, Revision: e.Revision,
	}}
	r.Entry.Origin, r.Entry.ConfiguredBy, r.Entry.Preferences, r.Entry.Paused = e.Origin, e.ConfiguredBy, e.Preferences, e.StartsPaused
	return r
}

// BodyOf returns what an entry says, to be sent.
func BodyOf(e schedule.Entry) EntryBody { return entryOf(schedule.Record{Entry: e}).EntryBody }

// Status returns what is known of the user.
func (b Brake) Status() control.BrakeStatus {
	return control.BrakeStatus{User: b.User, State: b.State, Stops: b.Stops, Words: b.Why, Seq: b.Seq, Runs: b.Runs, Parked: b.Parked, Waits: b.Waits}
}

// Receipt returns what came of a pause that has taken so long.
func (b Brake) Receipt(took time.Duration) control.BrakeReceipt {
	return control.BrakeReceipt{
		User: b.User, State: b.State, Changed: b.Changed != nil && *b.Changed, Found: append([]string{}, b.Stopped...),
		Unconfirmed: append([]string{}, b.Unconfirmed...), Parked: b.Parked, Took: took,
	}
}

// Size returns how full the queue is.
func (q Queue) Size() queue.Size {
	return queue.Size{
		Queue: q.Name, Paused: q.Paused, Waiting: q.Waiting, Running: q.Running, Scheduled: q.Scheduled, Held: q.Held,
		Retrying: q.Retrying, Failed: q.Failed, Succeeded: q.Succeeded,
	}
}

// Kept returns the user as they are kept.
func (u User) Kept() users.User {
	if len(u.Editions) == 0 {
		u.Editions = nil
	}
	return users.User{
		ID: u.ID, Topics: u.Topics, Languages: u.Languages, Zone: u.Zone, Time: u.Time, Channels: u.Channels,
		QuietDays: u.QuietDays, Editions: u.Editions, Email: u.Email, Webhook: u.Webhook, Chat: u.Chat,
	}
}

// Line returns the same as the books have it.
func (s Spent) Line() usage.Line {
	return usage.Line{User: s.User, Day: s.Day, Agent: s.Agent, Calls: s.Calls, Amount: usage.Amount{Tokens: s.Tokens, Money: s.Money}}
}
