package users

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
)

// briefingFreshFor is how late a daily briefing may be and still be worth reading.
const briefingFreshFor = 6 * time.Hour

// maxPlain and maxSlug keep the ID of an entry, and those of its tasks, within their bounds.
const (
	maxPlain = 100
	maxSlug  = 60
)

// EntryID returns the ID of the schedule entry of a user's daily briefing. It has the user's
// id, or, where that is long or has characters that no entry's ID may have, what can be read
// of it and a sum over it.
func EntryID(user string) string {
	const prefix = "briefing:"
	if len(user) <= maxPlain && tasks.UserKey(user) == user {
		return prefix + user
	}
	slug := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && tasks.UserKey(string(r)) == string(r) {
			return r
		}
		return '_'
	}, user)
	sum := sha256.Sum256([]byte(user))
	return prefix + slug[:min(len(slug), maxSlug)] + ":" + hex.EncodeToString(sum[:12])
}

// Entry returns the schedule entry of a user's daily briefing, which holds their
// preferences.
func (u User) Entry() (schedule.Entry, error) {
	if err := u.Validate(); err != nil {
		return schedule.Entry{}, err
	}
	at, err := time.Parse("15:04", u.Time)
	if err != nil {
		return schedule.Entry{}, fmt.Errorf("time %q: %w", u.Time, err)
	}
	days, err := u.days()
	if err != nil {
		return schedule.Entry{}, err
	}
	payload, err := json.Marshal(map[string]string{"user": u.ID})
	if err != nil {
		return schedule.Entry{}, fmt.Errorf("encode payload: %w", err)
	}
	preferences, err := json.Marshal(u)
	if err != nil {
		return schedule.Entry{}, fmt.Errorf("encode preferences: %w", err)
	}
	return schedule.Entry{
		ID: EntryID(u.ID), Spec: fmt.Sprintf("%d %d * * %s", at.Minute(), at.Hour(), days), Zone: u.Zone,
		Kind: "briefing_generate", Payload: payload, FreshFor: briefingFreshFor,
		Owner: u.ID, Preferences: preferences, Origin: schedule.OriginUser,
	}, nil
}

// of returns the user an entry was made for.
func of(e schedule.Entry) (User, error) {
	var u User
	if err := json.Unmarshal(e.Preferences, &u); err != nil {
		return u, fmt.Errorf("read preferences of entry %s: %w", e.ID, err)
	}
	return u, nil
}

// Store keeps users in the schedule. It is safe for concurrent use.
type Store struct {
	entries *schedule.Store

	// Noting, if it is set, is called before a user is written who has editions, which older programs do not
	// know. It is not changed once the store is used.
	Noting func(ctx context.Context)
}

// NewStore returns a store of the users in a schedule.
func NewStore(entries *schedule.Store) *Store { return &Store{entries: entries} }

// Change makes or changes a user: change gets their preferences as they are, of a user
// there was not only the ID, and is called again if others change them meanwhile. What is
// left empty is filled as [User.WithDefaults] says. The entry of their briefing is made
// or moved with it. It returns the preferences as kept.
func (s *Store) Change(ctx context.Context, id string, change func(*User)) (User, error) {
	var u User
	_, err := s.entries.Change(ctx, EntryID(id), func(old schedule.Record, found bool) (schedule.Entry, error) {
		u = User{}
		if found && old.Entry.Origin == schedule.OriginUser {
			var err error
			if u, err = of(old.Entry); err != nil {
				return old.Entry, err
			}
		}
		u.ID = id
		change(&u)
		u = u.WithDefaults()
		if s.Noting != nil && len(u.Editions) > 0 {
			s.Noting(ctx)
		}
		e, err := u.Entry()
		e.Paused = old.Entry.Paused
		return e, err
	})
	return u, err
}

// Get returns a user's preferences and true, or false if there are none.
func (s *Store) Get(ctx context.Context, id string) (User, bool, error) {
	if err := tasks.CheckUser(id); err != nil {
		return User{}, false, err
	}
	record, err := s.entries.Get(ctx, EntryID(id))
	if errors.Is(err, schedule.ErrNotFound) {
		return User{}, false, nil
	}
	if err != nil {
		return User{}, false, err
	}
	if record.Entry.Origin != schedule.OriginUser {
		return User{}, false, nil
	}
	u, err := of(record.Entry)
	return u, err == nil, err
}

// List returns all users whose preferences can be read, by ID. The schedule lists the entries of the others.
func (s *Store) List(ctx context.Context) ([]User, error) {
	found := make(map[string]User)
	for start := ""; ; {
		page, next, err := s.entries.List(ctx, schedule.Filter{Origin: schedule.OriginUser, Page: schedule.MaxPage}, start)
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		for _, record := range page {
			if record.State() == schedule.Unreadable {
				continue // it may be anybody's
			}
			if u, err := of(record.Entry); err == nil { // else preferences that nobody here has written
				found[u.ID] = u
			}
		}
		if start = next; start == "" {
			break
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b User) int { return strings.Compare(a.ID, b.ID) }), nil
}

// Remove forgets a user with the entry of their briefing, and reports whether there was
// one.
func (s *Store) Remove(ctx context.Context, id string) (bool, error) {
	if err := tasks.CheckUser(id); err != nil {
		return false, err
	}
	return s.entries.Remove(ctx, EntryID(id), schedule.OriginUser)
}
