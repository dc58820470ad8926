package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"switchyard/internal/pages"
	"switchyard/internal/schedule"
)

// entryPrefix begins the IDs of the entries of sources.
const entryPrefix = "source:"

// EntryID returns the ID of the schedule entry that has a source visited.
func EntryID(name string) string { return entryPrefix + name }

// Source is a source as it is scheduled, and what is known of it.
type Source struct {
	Report
	// URL is what is visited by tasks of Kind, as Spec says. It is the entry's, as are those that
	// follow.
	URL    string         `json:"url"`
	Kind   string         `json:"kind"`
	Spec   string         `json:"spec"`
	Origin string         `json:"origin"`
	State  schedule.State `json:"state"`
	// Next is when it is visited next, the zero time if it is not.
	Next time.Time `json:"next,omitzero"`
	// InTrouble are those of Troubles that were asked for, as they are known.
	InTrouble []pages.Page `json:"in_trouble,omitempty"`
}

// ErrNotFound says that there is no source of a name.
var ErrNotFound = errors.New("no such source")

// maxShown is how many pages in trouble are shown.
const maxShown = 20

// Get returns a source with its pages in trouble. The error is [ErrNotFound] if there is none.
func (s *Store) Get(ctx context.Context, name string) (Source, error) {
	record, err := s.entries.Get(ctx, EntryID(name))
	if errors.Is(err, schedule.ErrNotFound) {
		return Source{}, fmt.Errorf("%w: %q: switchyard source list shows those there are", ErrNotFound, name)
	}
	if err != nil {
		return Source{}, fmt.Errorf("source %s: %w", name, err)
	}
	source, err := s.of(ctx, record)
	if err != nil {
		return Source{}, err
	}
	for _, url := range source.Troubles[:min(len(source.Troubles), maxShown)] {
		page, err := s.pages.Get(ctx, url)
		if err != nil {
			return Source{}, fmt.Errorf("source %s: %w", name, err)
		}
		source.InTrouble = append(source.InTrouble, page)
	}
	return source, nil
}

// List returns some of the sources, from where start says, and where the next ones begin, "" after
// the last. It may return none and not be at the end.
func (s *Store) List(ctx context.Context, limit int, start string) (some []Source, next string, err error) {
	page, next, err := s.entries.List(ctx, schedule.Filter{Match: entryPrefix, Page: limit}, start)
	if err != nil {
		return nil, "", fmt.Errorf("list sources: %w", err)
	}
	for _, record := range page {
		if !strings.HasPrefix(record.Entry.ID, entryPrefix) {
			continue
		}
		source, err := s.of(ctx, record)
		if err != nil {
			return nil, "", err
		}
		some = append(some, source)
	}
	return some, next, nil
}

// of returns the source of an entry.
func (s *Store) of(ctx context.Context, r schedule.Record) (Source, error) {
	report, err := s.Report(ctx, strings.TrimPrefix(r.Entry.ID, entryPrefix))
	if err != nil {
		return Source{}, err
	}
	var payload struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal(r.Entry.Payload, &payload) // an entry made by hand may have any payload
	return Source{
		Report: report, URL: payload.URL, Kind: r.Entry.Kind, Spec: r.Entry.Spec, Origin: r.Entry.Origin, State: r.State(), Next: r.Due(),
	}, nil
}
