package briefings

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"switchyard/internal/tasks"
)

// Teller tells a user's status channel what happens.
type Teller interface {
	// Tell publishes an event of a kind with further fields, a JSON object.
	Tell(ctx context.Context, user, kind string, fields []byte) error
}

// Event tells a user's status channel that a briefing can be read. Its type is "briefing".
type Event struct {
	Type     string `json:"type,omitempty"` // told by the channel
	Briefing string `json:"briefing"`
	Title    string `json:"title"`
	Items    int    `json:"items"`
}

// EventType is the type of an [Event].
const EventType = "briefing"

// InApp is the channel "in_app": the stored briefing itself, and an event on the user's
// status channel. The event may come twice; its briefing ID tells.
type InApp struct {
	Status Teller
}

// Repeats implements [Channel].
func (c *InApp) Repeats() bool { return true }

// Deliver implements [Channel].
func (c *InApp) Deliver(ctx context.Context, d Delivery) error {
	b := d.Briefing
	fields, err := json.Marshal(Event{Briefing: b.ID, Title: b.Title(), Items: len(b.Items)})
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	return c.Status.Tell(ctx, b.User, EventType, fields)
}

// File is the channel "file": a Markdown and an HTML file per briefing in a directory
// per user. Writing a briefing again replaces its files with the same content.
type File struct {
	Dir string
}

// Repeats implements [Channel].
func (c *File) Repeats() bool { return true }

// Deliver implements [Channel].
func (c *File) Deliver(_ context.Context, d Delivery) error {
	b := d.Briefing
	dir := filepath.Join(c.Dir, tasks.UserFile(b.User))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("briefing directory: %w", err)
	}
	markdown, err := b.Markdown()
	if err != nil {
		return err
	}
	html, err := b.HTML()
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(dir, b.ID+".md"), markdown); err != nil {
		return err
	}
	return replace(filepath.Join(dir, b.ID+".html"), html)
}

// replace writes a file so that readers see the old content or the new, never half.
func replace(path, content string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".briefing-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteString(content)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
