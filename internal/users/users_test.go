package users

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/calendar"
	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

func TestPreferencesAreKeptListedAndForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := NewStore(schedule.NewStore(client, "p:")), t.Context()
		ada := User{ID: "ada", Topics: []string{"queues, and more"}, Zone: "Europe/Berlin", Time: "07:30"}.WithDefaults()
		for _, u := range []User{{ID: "bob"}, ada} {
			if _, err := s.Change(ctx, u.ID, func(old *User) { *old = u }); err != nil {
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

func TestAUserWhosePreferencesCannotBeReadStopsNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		entries := schedule.NewStore(client, "p:")
		s, ctx := NewStore(entries), t.Context()
		if _, err := s.Change(ctx, "ada", func(*User) {}); err != nil {
			t.Fatal(err)
		}
		bad := schedule.Entry{ID: EntryID("bob"), Spec: "@daily", Kind: "briefing_generate", Origin: schedule.OriginUser, Preferences: []byte(`{"topics":7}`)}
		if err := entries.Add(ctx, bad); err != nil {
			t.Fatal(err)
		}
		if list, err := s.List(ctx); err != nil || len(list) != 1 || list[0].ID != "ada" {
			t.Errorf("List = %+v, %v", list, err)
		}
		if _, found, err := s.Get(ctx, "bob"); found || err == nil {
			t.Errorf("bob is found %v, %v", found, err)
		}
	})
}

func TestTheBriefingMovesAndGoesWithThePreferences(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		entries := schedule.NewStore(client, "p:")
		s, ctx := NewStore(entries), t.Context()
		for _, clock := range []string{"08:00", "06:45"} {
			if _, err := s.Change(ctx, "ada", func(u *User) { u.Time, u.Zone = clock, "Asia/Tokyo" }); err != nil {
				t.Fatal(err)
			}
			r, err := entries.Get(ctx, EntryID("ada"))
			zone, _ := calendar.LoadZone("Asia/Tokyo")
			if err != nil || r.Books.Next.In(zone).Format("15:04") != clock || r.Entry.Owner != "ada" {
				t.Errorf("entry %+v, %v; want its next tick at %s in Tokyo", r, err, clock)
			}
		}
		if _, err := entries.Pause(ctx, EntryID("ada")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Change(ctx, "ada", func(u *User) { u.Topics = []string{"tides"} }); err != nil {
			t.Fatal(err)
		}
		if r, err := entries.Get(ctx, EntryID("ada")); err != nil || !r.Books.Paused {
			t.Errorf("entry %+v, %v; want it paused still", r, err)
		}
		if _, err := s.Remove(ctx, "ada"); err != nil {
			t.Fatal(err)
		}
		if n := client.DBSize(ctx).Val(); n != 0 {
			t.Errorf("%d keys were left behind", n)
		}
	})
}

func TestChangesOfOneUserAtOnceAreAllKept(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(schedule.NewStore(client, "p:"))
		topics := []string{"tides", "trains", "trees"}
		var writers sync.WaitGroup
		for _, topic := range topics {
			writers.Go(func() {
				if _, err := s.Change(t.Context(), "ada", func(u *User) { u.Topics = append(u.Topics, topic) }); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		u, _, err := s.Get(t.Context(), "ada")
		if slices.Sort(u.Topics); err != nil || !slices.Equal(u.Topics, topics) {
			t.Errorf("topics are %v, %v; want %v", u.Topics, err, topics)
		}
	})
}

func TestAnEntryOfSomebodyElseIsNotTakenForAUser(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		entries := schedule.NewStore(client, "p:")
		s, ctx := NewStore(entries), t.Context()
		other := schedule.Entry{ID: EntryID("ada"), Spec: "@daily", Kind: "scrape_page", Origin: schedule.OriginAPI}
		if err := entries.Add(ctx, other); err != nil {
			t.Fatal(err)
		}
		if _, found, err := s.Get(ctx, "ada"); found || err != nil {
			t.Errorf("found a user, %v", err)
		}
		if _, err := s.Change(ctx, "ada", func(*User) {}); !errors.Is(err, schedule.ErrTaken) {
			t.Errorf("Change = %v, want ErrTaken", err)
		}
		if _, err := s.Remove(ctx, "ada"); !errors.Is(err, schedule.ErrTaken) {
			t.Errorf("Remove = %v, want ErrTaken", err)
		}
	})
}

func TestEveryBadPreferenceIsNamed(t *testing.T) {
	err := User{
		ID: "a\nb", Topics: []string{" "}, Zone: "Mars/Olympus", Time: "25:00", Channels: []string{"pigeon"},
	}.Validate()
	const want = `user "a\nb" has the character U+000A: leave out what cannot be printed, such as line breaks
field "topics": topic " ": give 1 to 200 bytes each
zone "Mars/Olympus" is not a time zone: give an IANA name such as Europe/Berlin, or leave it out for UTC
time "25:00": give HH:MM, such as 08:00
channel "pigeon" is unknown: use in_app, file, email, webhook, chat`
	if fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(schedule.NewStore(client, "p:"))
		const late = `time "25:00": give HH:MM, such as 08:00`
		for id, want := range map[string]string{"ada": late, "a\nb": `user "a\nb" has the character U+000A: leave out what cannot be printed, such as line breaks` + "\n" + late} {
			if _, err := s.Change(t.Context(), id, func(u *User) { u.Time = "25:00" }); fmt.Sprint(err) != want {
				t.Errorf("user %s: %v, want %s", id, err, want)
			}
		}
		if n := client.DBSize(t.Context()).Val(); n != 0 {
			t.Errorf("%d keys were written", n)
		}
	})
}

func TestAUserOfAnyIDHasAnEntryOfTheirOwn(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := NewStore(schedule.NewStore(client, "p:")), t.Context()
		entries := map[string]string{}
		ids := []string{"ada", "auth0|64af", "auth0_64af", "user:1", "a b/ä", strings.Repeat("雪", 200), strings.Repeat("雪", 199) + "雨", strings.Repeat("x", 200)}
		for _, id := range ids {
			if _, err := s.Change(ctx, id, func(u *User) { u.Topics = []string{"of " + id[:3]} }); err != nil {
				t.Fatal(err)
			}
			if other := entries[EntryID(id)]; other != "" {
				t.Errorf("%q and %q share the entry %s", id, other, EntryID(id))
			}
			entries[EntryID(id)] = id
		}
		for _, id := range ids {
			if u, found, err := s.Get(ctx, id); err != nil || !found || u.ID != id {
				t.Errorf("user %q is %+v, %v, %v", id, u, found, err)
			}
		}
		if list, err := s.List(ctx); err != nil || len(list) != len(ids) {
			t.Errorf("%d of %d users are listed, %v", len(list), len(ids), err)
		}
		for _, id := range ids {
			if found, err := s.Remove(ctx, id); err != nil || !found {
				t.Errorf("remove %q: %v, %v", id, found, err)
			}
		}
	})
}

func TestQuietDaysHaveNoBriefing(t *testing.T) {
	friday := time.Date(2030, 6, 7, 12, 0, 0, 0, time.UTC)
	u := User{ID: "ada", QuietDays: []string{"sun", "sat"}}.WithDefaults()
	e, err := u.Entry()
	if err != nil || e.Spec != "0 8 * * MON,TUE,WED,THU,FRI" {
		t.Fatalf("spec %q, %v", e.Spec, err)
	}
	next, err := e.NextTicks(t.Context(), friday, 1)
	if err != nil || len(next) != 1 || next[0].Format(time.RFC3339) != "2030-06-10T08:00:00Z" {
		t.Errorf("after a Friday noon %v, %v; want Monday", next, err)
	}
	for _, quiet := range [][]string{{"Sat"}, {"someday"}, Weekdays} {
		u.QuietDays = quiet
		if _, err := u.Entry(); err == nil {
			t.Errorf("quiet days %v are taken", quiet)
		}
	}
}

func TestAChannelNeedsAnAddressThatCanBeUsed(t *testing.T) {
	for want, u := range map[string]User{
		"": {Channels: []string{Email, Webhook, Chat}, Email: "ada@bücher.example", Webhook: "https://example.org/hook", Chat: "team"},
		`channel "email" has no address: set "email" too`:                                            {Channels: []string{Email}},
		`email "ada@example.org\r\nBcc: eve@example.org": give one address, such as ada@example.org`: {Email: "ada@example.org\r\nBcc: eve@example.org"},
		`email "Ada <ada@example.org>": give one address, such as ada@example.org`:                   {Email: "Ada <ada@example.org>"},
		`email "ada@example.org,eve@example.org": give one address, such as ada@example.org`:         {Email: "ada@example.org,eve@example.org"},
		`webhook: URL file:///etc/passwd has the scheme "file": use http or https`:                   {Webhook: "file:///etc/passwd"},
		`chat "a\nb": give the name of a chat of the configuration, such as team`:                    {Chat: "a\nb"},
		`channel "email" is named twice: name it once`:                                               {Channels: []string{Email, Email}, Email: "a@b.c"},
		`channel "pigeon" is unknown: use in_app, file, email, webhook, chat`:                        {Channels: []string{"pigeon"}},
	} {
		u.ID = "ada"
		got := ""
		if err := u.WithDefaults().Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%+v:\n%s\nwant\n%s", u, got, want)
		}
	}
}

// FuzzAnAddressOfMailIsOneLine says that what is taken can stand in a header and in a command of SMTP.
func FuzzAnAddressOfMailIsOneLine(f *testing.F) {
	for _, seed := range []string{"ada@example.org", "ada@bücher.example", "a@b\r\nBcc: x@y", `"a b"@c`, "<a@b>", "a@b, c@d", "@", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if CheckEmail(address) == nil && (strings.ContainsAny(address, "\r\n\x00 <>,;") || strings.Count(address, "@") != 1 || len(address) > maxEmail) {
			t.Errorf("%q is taken", address)
		}
	})
}
