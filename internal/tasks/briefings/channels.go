package briefings

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"switchyard/internal/control"
)

// Publisher publishes on a user's control channel.
type Publisher interface {
	PublishJSON(ctx context.Context, c control.Channel, user string, message any) (int64, error)
}

// Event tells a user's status channel that a briefing can be read.
type Event struct {
	Version  int       `json:"version"` // of this shape: 1
	Type     string    `json:"type"`    // "briefing"
	User     string    `json:"user"`
	Briefing string    `json:"briefing"`
	Title    string    `json:"title"`
	Items    int       `json:"items"`
	At       time.Time `json:"at"`
}

// InApp is the channel "in_app": the stored briefing itself, and an event on the user's
// status channel. The event may come twice; its briefing ID tells.
type InApp struct {
	Bus Publisher
}

// Deliver implements [Channel].
func (c *InApp) Deliver(ctx context.Context, b Briefing) error {
	_, err := c.Bus.PublishJSON(ctx, control.Status, b.User, Event{
		Version: 1, Type: "briefing", User: b.User, Briefing: b.ID, Title: b.Title(), Items: len(b.Items), At: b.Created,
	})
	return err
}

// File is the channel "file": a Markdown and an HTML file per briefing in a directory
// per user. Writing a briefing again replaces its files with the same content.
type File struct {
	Dir string
}

// Deliver implements [Channel].
func (c *File) Deliver(_ context.Context, b Briefing) error {
	dir := filepath.Join(c.Dir, b.User)
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
