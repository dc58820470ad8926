package console

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// event is what has happened to a user's agents, as [switchyard/internal/events] tells it.
type event struct {
	Seq      int64     `json:"seq"`
	Type     string    `json:"type"`
	Moment   time.Time `json:"at"`
	State    string    `json:"state"`
	Running  int       `json:"running"`
	Parked   int       `json:"parked"`
	Task     string    `json:"task"`
	Step     string    `json:"step"`
	Decision string    `json:"decision"`
	Title    string    `json:"title"`
	Items    int       `json:"items"`
	Error    string    `json:"error"`
	Progress struct {
		Message string `json:"message"`
		Done    int    `json:"done"`
		Total   int    `json:"total"`
	} `json:"progress"`
}

// eventOf reads an event. Of one that cannot be read nothing is known.
func eventOf(text json.RawMessage) (e event) {
	_ = json.Unmarshal(text, &e) // its type is left out then
	return e
}

// Words say what has happened.
func (e event) Words() string {
	switch e.Type {
	case "brake":
		return fmt.Sprintf("%s, %d running, %d parked", e.State, e.Running, e.Parked)
	case "decision":
		return fmt.Sprintf("%s: %s in %s", e.Decision, e.Step, e.Task)
	case "progress":
		words := e.Progress.Message
		if e.Progress.Total > 0 {
			words += fmt.Sprintf(" (%d of %d)", e.Progress.Done, e.Progress.Total)
		}
		return strings.TrimSpace(words + " in " + e.Task)
	case "briefing":
		return fmt.Sprintf("%s, %d items", e.Title, e.Items)
	}
	return e.Error
}
