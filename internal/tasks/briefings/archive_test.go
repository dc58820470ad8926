package briefings

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestEachBriefingIsOnOnePageAlsoThoseOfOneSecond(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := NewStore(client, "p:", Keep{For: time.Hour, PerUser: 100}), t.Context()
		for i := range 12 { // seven of them within one second
			b := Briefing{ID: fmt.Sprintf("b%02d", i), User: []string{"ada", "eve"}[i%2], Created: noon.Add(time.Duration(max(0, i-6)) * time.Minute)}
			if err := s.Put(ctx, b); err != nil {
				t.Fatal(err)
			}
		}
		for user, want := range map[string]int{"": 12, "ada": 6, "eve": 6, "mia": 0} {
			seen, last, pages := map[string]bool{}, noon.Add(time.Hour), 0
			for cursor := ""; ; pages++ {
				list, next, err := s.Newest(ctx, user, cursor, 3)
				if err != nil || len(list) > 3 {
					t.Fatalf("%d briefings, %v", len(list), err)
				}
				for _, b := range list {
					if seen[b.ID] || b.Created.After(last) || user != "" && b.User != user {
						t.Errorf("%s of %s comes after %s, or again", b.ID, b.User, last)
					}
					seen[b.ID], last = true, b.Created
				}
				if cursor = next; cursor == "" {
					break
				}
			}
			if len(seen) != want || pages > want/3 {
				t.Errorf("user %q has %d on %d more pages, want %d", user, len(seen), pages, want)
			}
		}
		for _, cursor := range []string{"x", "1", "1.", "1.0", "1.-1", ".1"} {
			if _, _, err := s.Newest(ctx, "", cursor, 3); !errors.Is(err, ErrCursor) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}

func TestDoubtsAreToldByUser(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := NewStore(client, "p:", Keep{For: time.Hour, PerUser: 100}), t.Context()
		for i := range 6 {
			id := fmt.Sprintf("b%d", i)
			if err := s.Put(ctx, Briefing{ID: id, User: []string{"ada", "eve"}[i%2], Created: noon}); err != nil {
				t.Fatal(err)
			}
			entry, err := s.begin(ctx, id, "email", false, noon)
			if err == nil {
				err = s.end(ctx, id, entry, Doubtful, "cut off", noon)
			}
			if err == nil {
				err = s.noteDoubt(ctx, id, "email", noon.Add(time.Duration(i)*time.Minute))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for user, want := range map[string][]string{"": {"b5 eve", "b4 ada"}, "ada": {"b4 ada", "b2 ada"}, "mia": nil} {
			doubts, err := s.Doubts(ctx, user, 2)
			var got []string
			for _, d := range doubts {
				got = append(got, d.Briefing+" "+d.User)
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("of %q: %v, %v; want %v", user, got, err, want)
			}
		}
	})
}
