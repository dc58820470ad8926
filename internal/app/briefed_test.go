package app

import (
	"fmt"
	"testing"
	"time"

	"switchyard/internal/pages"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/test/redistest"
)

func TestABriefingIsToldOfAllSourcesAndReadsThemOnceAMinute(t *testing.T) {
	client := redistest.Client(t, redistest.Mini(t).Addr())
	entries := schedule.NewStore(client, "p:")
	known := pages.New(client, "p:", time.Hour, time.Now)
	store := sources.New(client, "p:", entries, known)
	add := func(i int) {
		t.Helper()
		e := schedule.Entry{ID: sources.EntryID(fmt.Sprintf("s%d", i)), Spec: "@every 1h", Kind: "scrape_feed", Payload: []byte(`{"url":"https://example.org/"}`), Origin: schedule.OriginAPI}
		if err := entries.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		add(i)
	}
	now := time.Now()
	if err := store.Note(t.Context(), "s7", pages.Page{URL: "https://example.org/1", State: pages.Failed, Visited: now}); err != nil {
		t.Fatal(err)
	}
	briefed := &briefedSources{store: store, now: func() time.Time { return now }}
	told := func() (sources, unread int) {
		t.Helper()
		visited, err := briefed.Visited(t.Context(), now.Add(-24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range visited {
			unread += v.Unread
		}
		return len(visited), unread
	}
	if n, unread := told(); n != 30 || unread != 1 {
		t.Errorf("told of %d sources and %d pages that were not read, want 30 and 1", n, unread)
	}
	add(30)
	if n, _ := told(); n != 30 {
		t.Errorf("within a minute told of %d sources, want the 30 of before", n)
	}
	now = now.Add(briefedFor)
	if n, _ := told(); n != 31 {
		t.Errorf("after a minute told of %d sources, want 31", n)
	}
}
