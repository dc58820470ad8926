package users

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/redistest"
)

func TestPreferencesAreKeptListedAndForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := NewStore(client, "p:"), t.Context()
		ada := User{ID: "ada", Topics: []string{"queues, and more"}, Zone: "Europe/Berlin", Time: "07:30"}.WithDefaults()
		for _, u := range []User{{ID: "bob"}, ada} {
			if err := s.Put(ctx, u.WithDefaults()); err != nil {
				t.Fatal(err)
			}
		}
		if u, ok, err := s.Get(ctx, "ada"); !ok || err != nil || fmt.Sprint(u) != fmt.Sprint(ada) {
			t.Errorf("Get = %+v, %v, %v", u, ok, err)
		}
		if list, err := s.List(ctx); err != nil || len(list) != 2 || list[0].ID != "ada" || list[1].Time != "08:00" {
			t.Errorf("List = %+v, %v", list, err)
		}
		for _, want := range []bool{true, false} {
			if was, err := s.Remove(ctx, "ada"); was != want || err != nil {
				t.Errorf("Remove = %v, %v; want %v", was, err, want)
			}
		}
		if _, ok, err := s.Get(ctx, "ada"); ok || err != nil {
			t.Errorf("found after removal, %v", err)
		}
	})
}

func TestEveryBadPreferenceIsNamed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		err := NewStore(client, "p:").Put(t.Context(), User{
			ID: "a:b", Topics: []string{" "}, Zone: "Mars/Olympus", Time: "25:00", Channels: []string{"pigeon"},
		})
		for _, want := range []string{`user "a:b"`, `topic " "`, `zone "Mars/Olympus"`, `time "25:00"`, `channel "pigeon"`} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v lacks %s", err, want)
			}
		}
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("%d keys were written", n)
		}
	})
}
