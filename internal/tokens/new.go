package tokens

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"switchyard/internal/tasks"
)

// New says what a token is to be.
type New struct {
	Name   string // 1 to 100 bytes; of a child "" stands for its parent's
	Scopes []Scope
	User   string   // "": for every user
	Tasks  []string // none: all tasks that the scopes permit
	// Expires is after how long it expires, rounded to milliseconds. 0 is never, and not allowed
	// for a child.
	Expires time.Duration
	By      string // who makes it
}

const (
	maxName   = 100 // bytes
	maxScopes = 50
	maxTasks  = 100
	// maxBy is the length of who made it, in characters; what is longer is cut.
	maxBy = 200
	// longest is after how long a token expires at most, if it does: ten years.
	longest = 10 * 365 * 24 * time.Hour
	// longestChild is the same for a child.
	longestChild = 24 * time.Hour
	// shortest is the least: a moment later it could not be used.
	shortest = time.Second
)

// check reports what is wrong, as a [*FieldError].
func (n New) check() error {
	switch {
	case n.Name == "" || len(n.Name) > maxName || !utf8.ValidString(n.Name) || strings.ContainsFunc(n.Name, notPrintable):
		return &FieldError{"name", fmt.Sprintf("name %.50q: use 1 to %d bytes that can be printed, such as \"web shop\"", n.Name, maxName)}
	case len(n.Scopes) == 0 || len(n.Scopes) > maxScopes:
		return &FieldError{"scopes", fmt.Sprintf("there are %d scopes: give 1 to %d, such as %s:agent_*", len(n.Scopes), maxScopes, TasksSend)}
	case n.Expires != 0 && (n.Expires < shortest || n.Expires > longest):
		return &FieldError{"expires", fmt.Sprintf("expires is %s: use %s to %s, or 0 for never", n.Expires, shortest, longest)}
	}
	if n.User != "" {
		if err := tasks.CheckUser(n.User); err != nil {
			return &FieldError{"user", err.Error()}
		}
	}
	for _, s := range n.Scopes {
		if _, err := ParseScope(s.String()); err != nil {
			return err
		}
	}
	return n.checkTasks()
}

func (n New) checkTasks() error {
	if len(n.Tasks) > maxTasks {
		return &FieldError{"tasks", fmt.Sprintf("there are %d tasks: give at most %d", len(n.Tasks), maxTasks)}
	}
	for _, id := range n.Tasks {
		if err := tasks.CheckID(id); err != nil {
			return &FieldError{"tasks", err.Error()}
		}
	}
	other := func(s Scope) bool { return s.Action != TasksRead && s.Action != TasksCancel }
	if i := slices.IndexFunc(n.Scopes, other); len(n.Tasks) > 0 && i >= 0 {
		return &FieldError{"scopes", fmt.Sprintf("scope %q: a token for some tasks alone reads and cancels them: use %s, %s, or name no tasks", n.Scopes[i], TasksRead, TasksCancel)}
	}
	return nil
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }

// token returns the token that is made of n now. What is stored has no finer times than ms.
func (n New) token(id string, now time.Time) Token {
	t := Token{
		ID: id, Name: n.Name, State: Active, User: n.User, Created: now.UTC().Truncate(time.Millisecond),
		Scopes: slices.SortedFunc(slices.Values(n.Scopes), func(a, b Scope) int { return cmp.Compare(a.String(), b.String()) }),
		Tasks:  slices.Sorted(slices.Values(n.Tasks)),
		By:     strings.ToValidUTF8(fmt.Sprintf("%.*s", maxBy, n.By), ""),
	}
	t.Scopes, t.Tasks = slices.Compact(t.Scopes), slices.Compact(t.Tasks)
	if n.Expires > 0 {
		t.Expires = t.Created.Add(n.Expires.Round(time.Millisecond))
	}
	return t
}
