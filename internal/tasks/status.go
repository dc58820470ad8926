package tasks

import (
	"encoding/json"
	"time"
)

// Status is a task as a producer sees it.
type Status struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Queue string `json:"queue"`
	State State  `json:"state"`
	// Broken says what is wrong with what is kept of the task, if its state is broken.
	Broken  string            `json:"broken,omitempty"`
	Run     string            `json:"run,omitempty"` // as [Task.Run], once a worker has taken it
	Headers map[string]string `json:"headers,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	// Meta is what the task's producer has noted with it.
	Meta map[string]string `json:"meta,omitempty"`
	// Created is when the task was added. Of a foreign client's task it is when it was first seen.
	Created time.Time `json:"created,omitzero"`
	Retried int       `json:"retried"`
	Retries int       `json:"retries"` // how often it may be retried
	Losses  int       `json:"losses,omitempty"`
	// LastError is the message of the last attempt that failed; Error says more of it where
	// Switchyard's workers have written it, as JSON.
	LastError string          `json:"last_error,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
	// Cancel says who has cancelled the task while it ran, as JSON: it ends soon.
	Cancel json.RawMessage `json:"cancel,omitempty"`
	// Since is when it came to its state, where that is known: not of one that is scheduled,
	// held or running.
	Since     time.Time       `json:"since,omitzero"`
	NextRun   time.Time       `json:"next_run,omitzero"` // of one that is scheduled, retrying or parked
	Deadline  time.Time       `json:"deadline,omitzero"`
	Completed time.Time       `json:"completed,omitzero"`
	Payload   json.RawMessage `json:"payload,omitempty"`
	Progress  json.RawMessage `json:"progress,omitempty"` // the latest that its handler noted
	Result    json.RawMessage `json:"result,omitempty"`
}
