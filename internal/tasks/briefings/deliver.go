package briefings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// DeliverArgs ask for a briefing to be brought to its user on one channel.
type DeliverArgs struct {
	User     string `json:"user"`
	Briefing string `json:"briefing"` // its ID
	Channel  string `json:"channel"`  // of [users.Channels]
}

// Kind implements [tasks.Args].
func (DeliverArgs) Kind() string { return KindDeliver }

// Validate implements [tasks.Validator].
func (a DeliverArgs) Validate() error {
	if err := tasks.CheckID(a.Briefing); err != nil {
		return tasks.Field("briefing", `field "briefing": %v`, err)
	}
	if !slices.Contains(users.Channels, a.Channel) {
		return tasks.Field("channel", `field "channel" is %.50q: use one of %q`, a.Channel, users.Channels)
	}
	return tasks.CheckUser(a.User)
}

// DeliverTask returns the ID of the task that brings a briefing to its user on a channel.
func DeliverTask(briefing, channel string) string { return briefing + ".to." + channel }

// Brought is the result of briefing_deliver.
type Brought struct {
	Briefing string        `json:"briefing"`
	Channel  string        `json:"channel"`
	State    DeliveryState `json:"state"`
	// Note says why nothing was sent, "" if it was.
	Note string `json:"note,omitempty"`
}

// Delivery is a briefing on its way to its user.
type Delivery struct {
	Briefing
	// ID is the same at each attempt, and another for each channel.
	ID    string
	To    users.User
	Links Links
}

// Links are addresses that a briefing has for its reader; what is "" is not there.
type Links struct {
	Read    string // the briefing as a page
	Archive string // all that are kept
	Leave   string // ends the deliveries on this channel
}

// Linker makes the addresses that a user's briefing has on a channel.
type Linker interface {
	Links(ctx context.Context, user, briefing, channel string) (Links, error)
}

// Channel brings a briefing to its user.
type Channel interface {
	// Repeats reports whether delivering the same briefing again does no harm.
	Repeats() bool
	// Deliver brings a briefing. An error means that it has certainly not been brought, unless it
	// comes from [InDoubt].
	Deliver(ctx context.Context, d Delivery) error
}

// errDoubt marks errors that leave open whether a briefing was brought.
type errDoubt struct{ error }

// Unwrap returns the cause.
func (e errDoubt) Unwrap() error { return e.error }

// InDoubt marks an error of a [Channel] after which nobody knows whether it has brought the briefing.
func InDoubt(err error) error { return errDoubt{err} }

// noteWithin bounds how long it is tried to write down how a delivery has ended, also when the
// attempt is told to stop.
const noteWithin = 8 * time.Second

// deliver writes its intent before it delivers and the end after it. So an attempt that was lost in
// between is noticed, and where a repetition could be a second mail, a person decides.
func (h *Handlers) deliver(ctx context.Context, _ *tasks.Task, args DeliverArgs) (any, error) {
	user, err := h.user(ctx, args.User)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(user.Channels, args.Channel) {
		return Brought{args.Briefing, args.Channel, Settled, "the user has left the channel since"}, nil
	}
	b, found, err := h.Store.Get(ctx, args.Briefing)
	if err != nil {
		return nil, err
	}
	if !found || b.User != user.ID {
		return nil, tasks.Permanent(fmt.Errorf("briefing %s of user %s is not kept: there is nothing to deliver", args.Briefing, user.ID))
	}
	channel, configured := h.Channels[args.Channel]
	entry, err := h.Store.begin(ctx, b.ID, args.Channel, configured && channel.Repeats(), h.Now())
	if err != nil {
		return nil, err
	}
	switch entry.State {
	case Begun:
	case Doubtful:
		return nil, h.awaitPerson(ctx, b.ID, entry)
	case Gone:
		return nil, tasks.Permanent(fmt.Errorf("briefing %s is not kept: there is nothing to deliver", b.ID))
	default:
		return Brought{b.ID, args.Channel, entry.State, "it was before"}, nil
	}
	if configured {
		err = h.bring(ctx, channel, args.Channel, user, b)
	} else {
		err = fmt.Errorf("channel %q of user %s is not configured: configure it, or take it off their channels", args.Channel, user.ID)
	}
	return h.noted(ctx, entry, b.ID, err)
}

// bring delivers a briefing on a channel.
func (h *Handlers) bring(ctx context.Context, channel Channel, name string, user users.User, b Briefing) error {
	d := Delivery{Briefing: b, ID: DeliverTask(b.ID, name), To: user}
	if h.Linker != nil {
		var err error
		if d.Links, err = h.Linker.Links(ctx, user.ID, b.ID, name); err != nil {
			return err
		}
	}
	if err := channel.Deliver(ctx, d); err != nil {
		return fmt.Errorf("deliver %s by %s: %w", b.ID, name, err)
	}
	return nil
}

// noted writes down how an attempt has ended, and returns what becomes of its task. If that cannot be
// written, the next attempt finds the intent.
func (h *Handlers) noted(ctx context.Context, entry LedgerEntry, id string, failed error) (any, error) {
	state, detail := Delivered, ""
	if failed != nil {
		state, detail = Failed, failed.Error()
	}
	if errors.As(failed, new(errDoubt)) {
		state = Doubtful
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	if err := h.Store.end(noting, id, entry, state, detail, h.Now()); err != nil {
		return nil, errors.Join(failed, err)
	}
	if state == Doubtful {
		entry.Detail = shorten(detail)
		return nil, h.awaitPerson(noting, id, entry)
	}
	return Brought{Briefing: id, Channel: entry.Channel, State: state}, failed
}

// awaitPerson parks a delivery of which nobody knows whether it has happened.
func (h *Handlers) awaitPerson(ctx context.Context, id string, entry LedgerEntry) error {
	if err := h.Store.noteDoubt(ctx, id, entry.Channel, h.Now()); err != nil {
		return err
	}
	return tasks.Parked(fmt.Sprintf(
		"nobody knows whether %s reached its reader by %s (%s): look there, then send it again with switchyard briefing again %[1]s %[2]s, or leave it with switchyard briefing settle %[1]s %[2]s",
		id, entry.Channel, entry.Detail))
}
