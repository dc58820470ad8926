package users

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

func TestEditionsComeOnTheirDays(t *testing.T) {
	week := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}
	daily, weekly := Edition{}, Edition{Days: []string{"sun"}}
	for name, tc := range map[string]struct {
		quiet    []string
		editions map[string]Edition
		spec     string
		days     string // what comes from Monday to Sunday
	}{
		"none chosen":            {nil, nil, "0 8 * * *", "daily|daily|daily|daily|daily|daily|daily"},
		"a weekly one beside it": {nil, map[string]Edition{"daily": daily, "weekly": weekly}, "0 8 * * *", "daily|daily|daily|daily|daily|daily|daily weekly"},
		"on a quiet day":         {[]string{"sat", "sun"}, map[string]Edition{"daily": daily, "weekly": weekly}, "0 8 * * MON,TUE,WED,THU,FRI,SUN", "daily|daily|daily|daily|daily||weekly"},
		"a weekly one alone":     {nil, map[string]Edition{"weekly": weekly}, "0 8 * * SUN", "||||||weekly"},
		"days of its own":        {[]string{"mon"}, map[string]Edition{"daily": {Days: []string{"mon"}}}, "0 8 * * MON", "daily||||||"},
	} {
		u := User{ID: "ada", QuietDays: tc.quiet, Editions: tc.editions}.WithDefaults()
		e, err := u.Entry()
		if err != nil || e.Spec != tc.spec {
			t.Errorf("%s: spec %q, %v; want %q", name, e.Spec, err, tc.spec)
		}
		var days []string
		for _, day := range week {
			days = append(days, strings.Join(u.EditionsOn(day), " "))
		}
		if got := strings.Join(days, "|"); got != tc.days {
			t.Errorf("%s: %s come, want %s", name, got, tc.days)
		}
	}
}

func TestAnEditionLooksBackToTheLastOfItsDays(t *testing.T) {
	for _, tc := range []struct {
		days string
		on   time.Weekday
		want time.Duration
	}{
		{"", time.Monday, 36 * time.Hour},
		{"sun", time.Sunday, 7 * 24 * time.Hour},
		{"mon fri", time.Monday, 3 * 24 * time.Hour},
		{"mon fri", time.Friday, 4 * 24 * time.Hour},
		{"mon tue", time.Tuesday, 36 * time.Hour},
	} {
		if got := (Edition{Days: strings.Fields(tc.days)}).Span(tc.on, 36*time.Hour); got != tc.want {
			t.Errorf("of %q on %s: %s, want %s", tc.days, tc.on, got, tc.want)
		}
	}
}

func TestEditionsAreChangedOneByOne(t *testing.T) {
	ten, none := 10, 0
	sun, all := []string{"sun"}, []string{}
	plain := "plain"
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(schedule.NewStore(client, "p:"))
		for i, step := range []struct {
			Changes
			want map[string]Edition
			err  string
		}{
			{Changes{Topics: []string{"tides"}}, nil, ""},
			{Changes{Editions: map[string]EditionChanges{"weekly": {Days: &sun, Items: &ten}}}, map[string]Edition{"daily": {}, "weekly": {Days: sun, Items: 10}}, ""},
			{Changes{Editions: map[string]EditionChanges{"weekly": {Tone: &plain, Sections: &[]string{"news"}}}}, map[string]Edition{"daily": {}, "weekly": {Days: sun, Items: 10, Sections: []string{"news"}, Tone: "plain"}}, ""},
			{Changes{DropEditions: []string{"daily"}}, map[string]Edition{"weekly": {Days: sun, Items: 10, Sections: []string{"news"}, Tone: "plain"}}, ""},
			{Changes{Editions: map[string]EditionChanges{"weekly": {Days: &all, Items: &none, Sections: &all}}}, map[string]Edition{"weekly": {Tone: "plain"}}, ""},
			{Changes{DropEditions: []string{"weekly"}}, map[string]Edition{"weekly": {Tone: "plain"}}, "the last edition cannot be dropped: add another one before, or pause or remove the user"},
		} {
			_, err := s.Change(t.Context(), "ada", step.Apply)
			if (err != nil || step.err != "") && fmt.Sprint(err) != step.err {
				t.Fatalf("step %d: %v, want %q", i, err, step.err)
			}
			u, _, err := s.Get(t.Context(), "ada")
			if err != nil || len(u.Topics) != 1 || fmt.Sprint(u.Editions) != fmt.Sprint(step.want) || (u.Editions == nil) != (step.want == nil) {
				t.Errorf("step %d: user %+v, %v; want editions %+v", i, u, err, step.want)
			}
		}
	})
}

func TestEveryBadEditionIsNamed(t *testing.T) {
	editions := map[string]Edition{"Weekly!": {}, "odd": {Days: []string{"someday"}, Items: 101, Sections: []string{"weather"}, Tone: "a\nb"}}
	const want = `edition "Weekly!": give a name of at most 31 small letters, digits and hyphens, such as weekly
edition odd: day "someday" is unknown: use mon, tue, wed, thu, fri, sat, sun
items is 101: give 1 to 100, or 0 for as many as the configuration says
section "weather" is unknown: use news, paused, decisions, failed, done
tone "a\nb": give at most 200 bytes in one line, such as brief and plain`
	if err := (User{ID: "ada", Editions: editions}).WithDefaults().checkEditions(); fmt.Sprint(err) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	many := map[string]Edition{}
	for i := range 11 {
		many[fmt.Sprint("e", i)] = Edition{}
	}
	if err := (User{Editions: many}).checkEditions(); fmt.Sprint(err) != "11 editions are too many: at most 10 are kept" {
		t.Error(err)
	}
	if !reflect.DeepEqual(User{}.EditionNames(), []string{"daily"}) {
		t.Error("whoever has chosen no edition has no daily one")
	}
}
