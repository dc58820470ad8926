package redbeat

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Shadow goes on reading RedBeat's entries and says where both systems would run one at
// different times. It writes nothing but its lines: one when a difference appears, changes
// or ends. It belongs to one goroutine, and its fields are set before [Shadow.Watch].
type Shadow struct {
	Read  func(context.Context) ([]Stored, error)
	Mover *Mover
	Out   io.Writer
	Now   func() time.Time

	rounds   int
	last     view
	unmoved  map[string]string // why entries do not move, as it was said
	differed map[string]bool   // entries that ever did
	trouble  string            // why the last round could not read, "" if it could
}

// view is what one round sees, by the names of entries.
type view struct {
	moves       map[string]Move
	differences map[string]string
	early       int // entries whose score is too early to tell
}

// Watch compares at once and then at each tick, until ctx ends, and prints what it has seen.
// Its error is that of Out: a Redis that does not answer is asked again.
func (s *Shadow) Watch(ctx context.Context, ticks <-chan time.Time) error {
	s.unmoved, s.differed = map[string]string{}, map[string]bool{}
	began := s.Now()
	for {
		if err := s.round(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return s.say("watched for %s, in %d rounds: of %d entries %d differed, and %d do now",
				s.Now().Sub(began).Round(time.Second), s.rounds, len(s.last.moves), len(s.differed), len(s.last.differences))
		case <-ticks:
		}
	}
}

// round compares once.
func (s *Shadow) round(ctx context.Context) error {
	seen, err := s.look(ctx)
	if err == nil && seen.hasNews(s.last) {
		// A run in the middle of a read looks like a difference. It is none in the next.
		first := seen
		if seen, err = s.look(ctx); err == nil {
			maps.DeleteFunc(seen.differences, func(name, text string) bool { return first.differences[name] != text })
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // what was cut off at the end is no news
	case err != nil && err.Error() == s.trouble:
		return nil
	case err != nil:
		s.trouble = err.Error()
		return s.say("cannot read RedBeat's entries, tries again: %v", err)
	case s.trouble != "":
		s.trouble = ""
		if err := s.say("can read RedBeat's entries again"); err != nil {
			return err
		}
	}
	err = s.report(seen)
	s.last = seen
	s.rounds++
	return err
}

// look reads RedBeat's entries and compares each.
func (s *Shadow) look(ctx context.Context) (view, error) {
	stored, err := s.Read(ctx)
	if err != nil {
		return view{}, err
	}
	seen := view{make(map[string]Move, len(stored)), make(map[string]string), 0}
	for _, m := range s.Mover.MoveAll(ctx, stored) {
		seen.moves[m.From] = m
	}
	for _, one := range stored {
		switch relation, difference := seen.moves[one.Name].compare(one, s.Now()); relation {
		case differs:
			seen.differences[one.Name] = difference
		case early:
			seen.early++
		}
	}
	return seen, nil
}

// hasNews reports whether there is a difference that was not there before.
func (v view) hasNews(before view) bool {
	for name, text := range v.differences {
		if before.differences[name] != text {
			return true
		}
	}
	return false
}

// report says what is new since the round before.
func (s *Shadow) report(seen view) error {
	if s.rounds == 0 {
		moving := 0
		for _, m := range seen.moves {
			if m.Moves() {
				moving++
			}
		}
		if err := s.say("%d entries, of which %d move: %d at other times than in RedBeat, and %d at times it does not tell before their next run",
			len(seen.moves), moving, len(seen.differences), seen.early); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen.moves)) {
		if err := s.reportOne(name, seen); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.last.differences)) {
		_, still := seen.differences[name]
		_, there := seen.moves[name]
		said := "%s: no difference any more"
		if !there {
			said = "%s: gone from RedBeat"
		}
		if !still {
			if err := s.say(said, Quote(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// reportOne says what is new about one entry.
func (s *Shadow) reportOne(name string, seen view) error {
	m, before := seen.moves[name], s.last.moves[name]
	var lines []string
	if !m.Moves() {
		if why := fmt.Sprintf("%s: %v", m.Verdict, m.Why); s.unmoved[name] != why {
			s.unmoved[name] = why
			lines = append(lines, why)
		}
	}
	// The score may be too early to tell, a run never is.
	if !before.Next.IsZero() && m.LastRun.After(before.LastRun) && m.LastRun.Before(before.Next.Add(-tolerance)) {
		s.differed[name] = true
		lines = append(lines, fmt.Sprintf("RedBeat has a run at %s, here it was due at %s", stamp(m.LastRun), stamp(before.Next)))
	}
	if text, differs := seen.differences[name]; differs && s.last.differences[name] != text {
		s.differed[name] = true
		lines = append(lines, text)
	}
	for _, line := range lines {
		if err := s.say("%s: %s", Quote(name), line); err != nil {
			return err
		}
	}
	return nil
}

// say prints a line with the time.
func (s *Shadow) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.Out, "%s  %s\n", stamp(s.Now()), fmt.Sprintf(format, args...))
	return err
}
