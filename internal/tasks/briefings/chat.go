package briefings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"switchyard/internal/chat"
)

// Chatter sends messages to chats.
type Chatter interface {
	Send(ctx context.Context, chat, title, text string) error
}

// Chat is the channel "chat": the titles of the items with their addresses, as far as they fit.
type Chat struct{ Chatter Chatter }

// Repeats implements [Channel].
func (c *Chat) Repeats() bool { return false }

// Deliver implements [Channel].
func (c *Chat) Deliver(ctx context.Context, d Delivery) error {
	err := c.Chatter.Send(ctx, d.To.Chat, d.Title(), d.chatText())
	if failed, ok := errors.AsType[*chat.Error](err); ok && failed.Doubtful {
		return InDoubt(err)
	}
	return err
}

// chatText is a briefing in few words. What does not fit is told by its number.
func (d Delivery) chatText() string {
	var foot string
	if d.Links.Read != "" {
		foot = "\n" + d.Links.Read
	}
	const room = 40 // for how many more there are
	var out strings.Builder
	out.WriteString(cut(plain(d.Title()), 300) + "\n")
	if nothing := d.Nothing(); len(d.Items) == 0 && nothing != "" {
		out.WriteString(nothing + "\n")
	}
	for i, item := range d.Items {
		line := "- " + cut(headline(item), 200) + "\n  " + plain(item.URL) + "\n"
		if out.Len()+len(line)+len(foot)+room > chat.MaxText {
			fmt.Fprintf(&out, "and %d more\n", len(d.Items)-i)
			break
		}
		out.WriteString(line)
	}
	return out.String() + foot
}

// headline is an item's title, or its address where it has none.
func headline(item Item) string {
	if title := plain(item.Title); title != "" {
		return title
	}
	return plain(item.URL)
}

// cut shortens a text to at most so many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most-len("…")]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
