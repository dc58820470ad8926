package tasks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Name names a task: IDs are a queue's own.
type Name struct {
	Queue string `json:"queue"`
	ID    string `json:"id"`
}

// String returns the name as it is written, queue/id.
func (n Name) String() string { return n.Queue + "/" + n.ID }

// Filter says which tasks are meant. The zero value means all.
type Filter struct {
	Queue  string  // "" for every queue
	States []State // none for every state
	Kind   string  // or a pattern such as agent_*, see [CheckPattern]
	User   string
	Tag    string
	// Error is a text that the last error has in it, in whatever case. Without states it means
	// those of [StatesWithError].
	Error string    `json:",omitempty"`
	Since time.Time // those known to have come to their state then or later
	From  time.Time // those added then or later, and
	To    time.Time // before this moment
}

// Check reports what is wrong with f.
func (f Filter) Check() error {
	for _, s := range f.States {
		if err := CheckState(s); err != nil {
			return err
		}
	}
	if f.Kind != "" {
		if err := CheckPattern(f.Kind); err != nil {
			return err
		}
	}
	if f.Tag != "" {
		if err := CheckTag(f.Tag); err != nil {
			return err
		}
	}
	if err := checkErrorText(f.Error); err != nil {
		return err
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return fmt.Errorf("from %s is not before %s: no task was added between them", f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))
	}
	return nil
}

// Matches reports whether f means a task.
func (f Filter) Matches(s Status) bool {
	return (f.Queue == "" || f.Queue == s.Queue) && (len(f.States) == 0 || slices.Contains(f.States, s.State)) &&
		(f.Kind == "" || Covers(f.Kind, s.Kind)) && (f.User == "" || f.User == UserOf(s.Payload)) &&
		(f.Tag == "" || slices.Contains(s.Tags, f.Tag)) && (f.Error == "" || hasText(s.LastError, f.Error)) &&
		within(s.Since, f.Since, time.Time{}) && within(s.Created, f.From, f.To)
}

// Whole returns f with the states that it means.
func (f Filter) Whole() Filter {
	if f.Error != "" && len(f.States) == 0 {
		f.States = StatesWithError
	}
	return f
}

// maxErrorText bounds the text that an error is searched for, in bytes.
const maxErrorText = 200

// checkErrorText reports why an error cannot be searched for a text. "" can: it is in every error.
func checkErrorText(text string) error {
	switch {
	case len(text) > maxErrorText:
		return fmt.Errorf("error %.40q… has %d bytes: give a part of at most %d", text, len(text), maxErrorText)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("error %.40q has a control character, or is not UTF-8: give a part without", text)
	}
	return nil
}

// hasText reports whether a text has another one in it, in whatever case.
func hasText(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// within reports whether a time is known to lie in a span; a zero end of the span is none.
func within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.IsZero() && !t.Before(from)) && (to.IsZero() || !t.IsZero() && t.Before(to))
}

// Page is some of the tasks that a filter means.
type Page struct {
	Tasks []Status `json:"tasks"`
	// Next is where the next page begins, "" after the last. A page may be shorter than was
	// asked for, and even empty, and still not be the last.
	Next string `json:"next,omitempty"`
}

// Cancellation says who cancels a task, and why.
type Cancellation struct {
	By  string
	Why string // may be empty
}

// maxWhy bounds what a cancellation says, in bytes.
const maxWhy = 500

// Check reports what is wrong with c.
func (c Cancellation) Check() error {
	switch {
	case strings.TrimSpace(c.By) == "":
		return errors.New("who cancels is empty: give a name")
	case len(c.By)+len(c.Why) > maxWhy || !utf8.ValidString(c.By+c.Why):
		return fmt.Errorf("who cancels and why have %d bytes: give at most %d, in UTF-8", len(c.By)+len(c.Why), maxWhy)
	}
	return nil
}

// String says it in words.
func (c Cancellation) String() string {
	if c.Why == "" {
		return "cancelled by " + c.By
	}
	return "cancelled by " + c.By + ": " + c.Why
}

// Handled is what became of a task that somebody has dealt with by hand.
type Handled struct {
	Name
	Was State  // "" if it was not there
	Now State  // "" once it is deleted
	For string // the user whom the task acts for, "" if there is none
	// Again is the new task of one that is replayed.
	Again *Receipt
	Err   error
}
