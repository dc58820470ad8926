package audit

import (
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
