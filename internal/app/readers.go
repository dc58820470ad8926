package app

import (
	"context"
	"slices"
	"strings"

	"switchyard/internal/audit"
	"switchyard/internal/links"
	"switchyard/internal/monitor"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/users"
)

// readers makes the addresses by which readers reach what is theirs.
type readers struct {
	store *links.Store
	url   string // of the monitor, without a slash at its end; "": there are none
}

func (s *System) readers() readers {
	return readers{s.Links, strings.TrimSuffix(s.Config.Briefings.URL, "/")}
}

// Links implements [briefings.Linker].
func (r readers) Links(ctx context.Context, user, briefing, channel string) (briefings.Links, error) {
	if r.url == "" {
		return briefings.Links{}, nil
	}
	read, err := r.store.Secret(ctx, user, links.Read)
	if err != nil {
		return briefings.Links{}, err
	}
	leave, err := r.store.Secret(ctx, user, links.Leave(channel))
	if err != nil {
		return briefings.Links{}, err
	}
	archive := r.url + monitor.ReadPath(read)
	return briefings.Links{Archive: archive, Read: archive + briefing, Leave: r.url + monitor.LeavePath(leave)}, nil
}

// ArchiveOf returns the addresses of a user's archive and of its feed. renew replaces them, and the old
// ones lead nowhere from then on.
func (s *System) ArchiveOf(ctx context.Context, user string, renew bool, by audit.Actor) (archive, feed string, err error) {
	secret := s.Links.Secret
	if renew {
		secret = s.Links.Rotate
	}
	text, err := secret(ctx, user, links.Read)
	if err == nil && renew {
		err = s.Audit.Write(ctx, audit.Record{Actor: by, Did: "replace reader address", User: user})
	}
	base := s.readers().url
	return base + monitor.ReadPath(text), base + monitor.FeedPath(text), err
}

// readerLinks tells the monitor what a reader's secret address stands for.
type readerLinks struct{ system *System }

func (r readerLinks) Find(ctx context.Context, secret string) (monitor.ReaderLink, bool, error) {
	l, found, err := r.system.Links.Find(ctx, secret)
	if err != nil || !found {
		return monitor.ReaderLink{}, false, err
	}
	_, found, err = r.system.Users.Get(ctx, l.User)
	return monitor.ReaderLink{User: l.User, Channel: l.Channel()}, found, err
}

func (r readerLinks) Leave(ctx context.Context, l monitor.ReaderLink, from string) error {
	left := false
	_, err := r.system.Users.Change(ctx, l.User, func(u *users.User) {
		left = slices.Contains(u.Channels, l.Channel)
		u.Channels = slices.DeleteFunc(slices.Clone(u.Channels), func(c string) bool { return c == l.Channel })
	})
	if err != nil || !left {
		return err
	}
	by := audit.Actor{Via: audit.Link, From: from}
	return r.system.Audit.Write(ctx, audit.Record{Actor: by, Did: "unsubscribe", User: l.User, Detail: l.Channel})
}
