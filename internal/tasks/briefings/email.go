package briefings

import (
	"context"
	"errors"

	"switchyard/internal/mail"
	"switchyard/internal/tasks"
)

// Mailer sends mail.
type Mailer interface {
	Send(ctx context.Context, m mail.Message) error
}

// Email is the channel "email".
type Email struct{ Mailer Mailer }

// Repeats implements [Channel]. The mails would have one Message-ID, and servers may still show both.
func (c *Email) Repeats() bool { return false }

// Deliver implements [Channel].
func (c *Email) Deliver(ctx context.Context, d Delivery) error {
	text, err := d.mailText()
	if err != nil {
		return tasks.Permanent(err)
	}
	html, err := d.mailHTML()
	if err != nil {
		return tasks.Permanent(err)
	}
	err = c.Mailer.Send(ctx, mail.Message{
		To: d.To.Email, Subject: d.Title(), Text: text, HTML: html, ID: d.ID, Date: d.Created, Unsubscribe: d.Links.Leave,
	})
	failed, ok := errors.AsType[*mail.Error](err)
	switch {
	case ok && failed.Doubtful:
		return InDoubt(err)
	case ok && failed.Permanent():
		return tasks.Permanent(err)
	}
	return err
}
