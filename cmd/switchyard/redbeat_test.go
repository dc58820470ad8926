package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"
)

const redBeatUsage = "usage: redbeat load | remove NAME… | rename NAME NAME | late NAME | lock | read N"

// redBeat plays a RedBeat in database 1 of the script's Redis. load stores the entries that
// internal/redbeat/testdata has, last run an hour ago, with a user where their kind wants
// one. late has one due an hour later than it is. read waits until its schedule was read N
// times.
func redBeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf(redBeatUsage)
	}
	options, err := redis.ParseURL("redis://" + ts.Getenv("REDIS_ADDR") + "/1")
	ts.Check(err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	switch {
	case args[0] == "load" && len(args) == 1:
		ts.Check(loadRedBeat(ctx, client))
	case args[0] == "remove" && len(args) > 1:
		for _, name := range args[1:] {
			ts.Check(client.Del(ctx, "redbeat:"+name).Err())
			ts.Check(client.ZRem(ctx, "redbeat::schedule", "redbeat:"+name).Err())
		}
	case args[0] == "rename" && len(args) == 3:
		definition, err := client.HGet(ctx, "redbeat:"+args[1], "definition").Result()
		ts.Check(err)
		ts.Check(client.HSet(ctx, "redbeat:"+args[1], "definition", strings.Replace(definition, args[1], args[2], 1)).Err())
		ts.Check(client.Rename(ctx, "redbeat:"+args[1], "redbeat:"+args[2]).Err())
		ts.Check(client.ZRem(ctx, "redbeat::schedule", "redbeat:"+args[1]).Err())
	case args[0] == "late" && len(args) == 2:
		ts.Check(client.ZAdd(ctx, "redbeat::schedule", redis.Z{Score: float64(time.Now().AddDate(50, 0, 0).Unix()), Member: "redbeat:" + args[1]}).Err())
	case args[0] == "lock" && len(args) == 1:
		ts.Check(client.Set(ctx, "redbeat::lock", "token", time.Minute).Err())
	case args[0] == "read" && len(args) == 2:
		times, err := strconv.Atoi(args[1])
		ts.Check(err)
		until(ts, "RedBeat's schedule is read", func() (string, bool) {
			stats, err := client.Info(ctx, "commandstats").Result()
			ts.Check(err)
			calls := regexp.MustCompile(`cmdstat_zscan:calls=(\d+)`).FindStringSubmatch(stats)
			if calls == nil {
				return "never read", false
			}
			n, err := strconv.Atoi(calls[1])
			return calls[0], err == nil && n >= times
		})
	default:
		ts.Fatalf(redBeatUsage)
	}
}

func loadRedBeat(ctx context.Context, client *redis.Client) error {
	raw, err := os.ReadFile("../../internal/redbeat/testdata/dump.json")
	if err != nil {
		return err
	}
	var dump map[string]struct {
		Type  string
		Value json.RawMessage
	}
	if err := json.Unmarshal(raw, &dump); err != nil {
		return err
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err
	}
	last := time.Now().Add(-time.Hour).In(zone)
	meta := fmt.Sprintf(`{"last_run_at": {"__type__": "datetime", "year": %d, "month": %d, "day": %d, "hour": %d, "minute": %d, "second": %d, "microsecond": 0, "timezone": "Europe/Berlin"}}`,
		last.Year(), last.Month(), last.Day(), last.Hour(), last.Minute(), last.Second())
	for key, value := range dump {
		if value.Type != "hash" {
			continue
		}
		var fields struct{ Definition string }
		if err := json.Unmarshal(value.Value, &fields); err != nil {
			return err
		}
		definition := fields.Definition
		if strings.Contains(definition, "agent_job_scout") || strings.Contains(definition, "briefing_generate") {
			definition = strings.Replace(definition, `"kwargs": {}`, `"kwargs": {"user": "u1"}`, 1)
			definition = strings.Replace(definition, `"kwargs": {"since"`, `"kwargs": {"user": "u1", "since"`, 1)
		}
		if err := client.HSet(ctx, key, "definition", definition, "meta", meta).Err(); err != nil {
			return err
		}
		// As after a restart of RedBeat: the score tells that it will look at the entry soon.
		if err := client.ZAdd(ctx, "redbeat::schedule", redis.Z{Score: float64(last.Unix()), Member: key}).Err(); err != nil {
			return err
		}
	}
	return nil
}
