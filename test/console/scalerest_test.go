package console

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/app"
	"switchyard/internal/audit"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tokens"
)

// scaleEntries fills the schedule: of ten entries six are of users, three of the API and one of the
// configuration. A hundred are overdue, and as many could not be enqueued.
func scaleEntries(b *testing.B, s *app.System, many int, now time.Time) {
	b.Helper()
	all := make([]schedule.Entry, many)
	for i := range all {
		e := schedule.Entry{ID: fmt.Sprintf("nightly-report-%06d", i), Spec: fmt.Sprintf("%d %d * * *", i%60, i/60%24), Kind: "report", Payload: []byte(`{"text":"x"}`), Origin: schedule.OriginAPI}
		switch {
		case i%10 < 6:
			user := fmt.Sprintf("u%d", i/10*6%scaleUsers+i%10)
			e.ID, e.Owner, e.Origin, e.Kind = fmt.Sprintf("briefing:%s:%d", user, i), user, schedule.OriginUser, "briefing_generate"
			e.Payload = fmt.Appendf(nil, `{"user":%q}`, user)
		case i%10 == 9:
			e.ID, e.Origin, e.Kind = fmt.Sprintf("source:feed%d", i), schedule.OriginConfig, "scrape_feed"
			e.Payload = fmt.Appendf(nil, `{"url":"https://example.org/%d.xml"}`, i)
		}
		all[i] = e
	}
	if _, err := s.Schedule.PutAll(b.Context(), all, schedule.PutOptions{}); err != nil {
		b.Fatal(err)
	}
	scaleSpoil(b, s, many, now)
}

// scaleSpoil has some entries be overdue, and some fail.
func scaleSpoil(b *testing.B, s *app.System, many int, now time.Time) {
	b.Helper()
	ctx := b.Context()
	dues, books := s.Schedule.Keys("due"), s.Schedule.Keys("books")
	for shard, key := range dues {
		ids, err := s.Redis.ZRange(ctx, key, 0, int64(min(many/100, 200)/len(dues))).Result()
		if err != nil {
			b.Fatal(err)
		}
		for i, id := range ids {
			if i%2 == 0 {
				s.Redis.ZAdd(ctx, key, redis.Z{Score: float64(now.Add(-time.Hour).UnixMilli()), Member: id})
				continue
			}
			var is schedule.Books
			if err := json.Unmarshal([]byte(s.Redis.HGet(ctx, books[shard], id).Val()), &is); err != nil {
				b.Fatal(err)
			}
			is.LastError = "queue reports is not one of ours"
			text, _ := json.Marshal(is) // it was read as JSON
			s.Redis.HSet(ctx, books[shard], id, text)
		}
	}
}

// scaleBeside fills what is beside tasks and entries: figures, briefings, the audit log and tokens.
func scaleBeside(b *testing.B, s *app.System, now time.Time) {
	b.Helper()
	ctx := b.Context()
	numbers := strings.TrimSuffix(strings.Repeat("1234,", 32), ",")
	_, err := s.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, queue := range []string{"agents", "briefings", "scraping", "default"} {
			for i := range 24 * 60 {
				at := now.Add(-time.Duration(i) * time.Minute)
				p.HSet(ctx, fmt.Sprintf("switchyard:{series:%s}:%d", queue, at.Unix()/3600*3600), fmt.Sprint(at.Minute()), numbers, fmt.Sprint("s", at.Minute()), "1000,20,300,40,5000,60000")
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 2000 {
		user := fmt.Sprintf("u%d", i)
		if err := s.Briefings.Put(ctx, scaleBriefing(i, user, now)); err != nil {
			b.Fatal(err)
		}
		if err := s.Audit.Write(ctx, audit.Record{Actor: audit.Actor{Name: "ada", Via: audit.Page}, Did: "run", User: user, Task: "agents/x"}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 200 {
		if _, _, err := s.Tokens.Make(ctx, tokens.New{Name: fmt.Sprint("shop ", i), Scopes: []tokens.Scope{{Action: tokens.TasksRead}}}); err != nil {
			b.Fatal(err)
		}
	}
}

func scaleBriefing(i int, user string, now time.Time) briefings.Briefing {
	written := briefings.Briefing{ID: fmt.Sprintf("b%06d", i), User: user, Created: now.Add(-time.Duration(i) * time.Minute), Since: now.Add(-24 * time.Hour)}
	for n := range 12 {
		written.Items = append(written.Items, briefings.Item{Title: fmt.Sprintf("Something has happened, %d", n), URL: "https://example.org/story"})
	}
	return written
}

// scaleMemory returns how much memory Redis uses, in MB.
func scaleMemory(ctx context.Context, client redis.UniversalClient) (mb float64) {
	_, after, _ := strings.Cut(client.Info(ctx, "memory").Val(), "used_memory:")
	_, _ = fmt.Sscan(after, &mb)
	return mb / 1e6
}
