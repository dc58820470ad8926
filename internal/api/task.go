package api

import (
	"encoding/json"
	"net/url"
	"time"

	"switchyard/internal/tasks"
)

// Task is a task as callers see it.
type Task struct {
	ID    string      `json:"id" doc:"The task's ID. Two queues may each have a task of that ID; the address of each has ?queue=."`
	Kind  string      `json:"kind"`
	Queue string      `json:"queue"`
	State tasks.State `json:"state" enum:"waiting,scheduled,held,running,retrying,parked,succeeded,failed,cancelled,expired,broken"`
	// Ended says that the task has come to its end.
	Ended   bool              `json:"ended" doc:"Whether the task has come to its end."`
	User    string            `json:"user,omitempty" doc:"The user for whom the task works."`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]string `json:"meta,omitempty" doc:"What the producer has noted with the task."`
	Created time.Time         `json:"created,omitzero" doc:"When the task was sent, by Redis's clock."`
	Run     string            `json:"run,omitempty" doc:"Names the run: the same for all attempts."`
	// Attempts counts those that were begun, as far as it is known.
	Attempts    int             `json:"attempts" doc:"How many attempts have failed or were lost."`
	RetriesLeft int             `json:"retries_left"`
	Due         time.Time       `json:"due,omitzero" doc:"When it is to run, if it waits for a time."`
	Since       time.Time       `json:"since,omitzero" doc:"When it came to its state, where that is known."`
	Expires     time.Time       `json:"expires,omitzero" doc:"By when it must be done."`
	EndedAt     time.Time       `json:"ended_at,omitzero"`
	Payload     json.RawMessage `json:"payload,omitempty"`
	Progress    json.RawMessage `json:"progress,omitempty" doc:"What its handler has told last."`
	Result      json.RawMessage `json:"result,omitempty"`
	LastError   string          `json:"last_error,omitempty" doc:"What the last attempt that failed has said."`
	Error       json.RawMessage `json:"error,omitempty" doc:"More of that error: attempt, outcome, message, at."`
	Broken      string          `json:"broken,omitempty" doc:"What is wrong with what is kept of the task."`
	Links       Links           `json:"links"`
}

// Links are addresses of the API.
type Links struct {
	Self   string `json:"self"`
	Events string `json:"events,omitempty"`
	Run    string `json:"run,omitempty"`
}

// TaskOf returns a task as it is told.
func TaskOf(s tasks.Status) Task {
	t := Task{
		ID: s.ID, Kind: s.Kind, Queue: s.Queue, State: s.State, Ended: s.State.Ended(), User: tasks.UserOf(s.Payload), Tags: s.Tags, Meta: s.Meta, Created: s.Created, Run: s.Run,
		Attempts: s.Retried + s.Losses, RetriesLeft: max(0, s.Retries-s.Retried), Due: s.NextRun, Since: s.Since, Expires: s.Deadline,
		Payload: s.Payload, Progress: s.Progress, Result: s.Result, LastError: s.LastError, Error: s.Error, Broken: s.Broken, Links: linksOf(s.Queue, s.ID),
	}
	if t.Ended {
		t.EndedAt = s.Since
	}
	if !json.Valid(t.Payload) { // of a foreign client
		t.Payload, _ = json.Marshal(string(s.Payload))
	}
	if t.Run != "" && t.User != "" {
		t.Links.Run = address(s.Queue, s.ID, "/run")
	}
	return t
}

func linksOf(queue, id string) Links {
	return Links{Self: address(queue, id, ""), Events: address(queue, id, "/events")}
}

// address returns where a task is, or something of it.
func address(queue, id, of string) string {
	return "/v1/tasks/" + url.PathEscape(id) + of + "?queue=" + url.QueryEscape(queue)
}
