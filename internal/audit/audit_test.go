package audit

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheLatestRecordsAreReadFirstAndByUser(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l, ctx := NewLog(client, "p:"), t.Context()
		op := Actor{Name: "op", Via: Command, From: "desk"}
		for i := range 1200 {
			if err := l.Write(ctx, Record{Actor: op, Did: "pause", User: fmt.Sprintf("u%d", i%2), Detail: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.XAdd(ctx, &redis.XAddArgs{Stream: "p:audit", Values: []any{"record", "nonsense"}}).Err(); err != nil {
			t.Fatal(err)
		}
		records, err := l.Read(ctx, "", 3)
		if err != nil || len(records) != 3 || records[0].Did != "unreadable" || records[1].Detail != "1199" || records[2].Detail != "1198" {
			t.Errorf("records %+v, %v; want the one that cannot be read, and the two before", records, err)
		}
		records, err = l.Read(ctx, "u0", 700)
		if err != nil || len(records) != 600 || records[599].Detail != "0" || records[0].Actor != op || time.Since(records[0].At).Abs() > time.Minute {
			t.Errorf("%d records, %v; the first %+v; want all 600 of one user", len(records), err, records[0])
		}
	})
}

func TestAnActorIsNamedAsFarAsItIsKnown(t *testing.T) {
	for want, actor := range map[string]Actor{
		"op (command from desk)":         {"op", Command, "desk"},
		"op (page)":                      {Name: "op", Via: Page},
		"a message from agent:pause:ada": {Via: Message, From: "agent:pause:ada"},
		"a command":                      {Via: Command},
	} {
		if got := actor.String(); got != want {
			t.Errorf("%+v is %q, want %q", actor, got, want)
		}
	}
}

func TestASearchGoesOnWhereItsPageEnded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		l, ctx := NewLog(client, "p:"), t.Context()
		for i := range 5000 {
			r := Record{Actor: Actor{Name: fmt.Sprintf("n%d", i%5), Via: Page}, Did: "pause", User: "ada", Task: "agents/t1"}
			if i == 10 {
				r = Record{Actor: Actor{Name: "op", Via: Command}, Did: "delete", User: "eve", Task: "agents/t2"}
			}
			if err := l.Write(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
		// What is rare is found in the end, and no page looks at more than 2,000 records.
		for _, f := range []Filter{{User: "eve"}, {Task: "agents/t2"}, {Task: "t2"}, {Did: "delete"}, {Actor: "op"}} {
			pages, found := 0, []Record{}
			for cursor := ""; ; pages++ {
				page, err := l.Search(ctx, f, 10, cursor)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, page.Records...)
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			if pages != 2 || len(found) != 1 || found[0].User != "eve" {
				t.Errorf("%+v: after %d more pages found %+v", f, pages, found)
			}
		}
		// No record is told twice or left out between two pages.
		one, err := l.Search(ctx, Filter{Actor: "n1"}, 600, "")
		if err != nil {
			t.Fatal(err)
		}
		two, err := l.Search(ctx, Filter{Actor: "n1"}, 600, one.Next)
		if err != nil || len(one.Records)+len(two.Records) < 700 {
			t.Fatalf("%d and %d records, %v", len(one.Records), len(two.Records), err)
		}
		three, err := l.Search(ctx, Filter{Actor: "n1"}, 600, two.Next)
		if n := len(one.Records) + len(two.Records) + len(three.Records); n != 1000 || err != nil || three.Next != "" {
			t.Errorf("%d records of 1000, %v, then %q", n, err, three.Next)
		}
		for _, cursor := range []string{"x", "-", "1", "1-", "+", "(1-1", "1-1 "} {
			if _, err := l.Search(ctx, Filter{}, 10, cursor); !errors.Is(err, ErrCursor) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}
