package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"
)

const celeryUsage = "usage: celery load | move KEY KEY"

// celeryBroker plays a broker of Celery in database 1 of the script's Redis. load stores what a client
// and a worker of Celery 5.2, which was killed, have left there.
func celeryBroker(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf(celeryUsage)
	}
	client := redis.NewClient(&redis.Options{Addr: ts.Getenv("REDIS_ADDR"), DB: 1})
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	switch {
	case args[0] == "load" && len(args) == 1:
		ts.Check(loadCelery(ctx, client))
	case args[0] == "move" && len(args) == 3:
		ts.Check(client.Rename(ctx, args[1], args[2]).Err())
	default:
		ts.Fatalf(celeryUsage)
	}
}

func loadCelery(ctx context.Context, client *redis.Client) error {
	raw, err := os.ReadFile("testdata/celery/broker.json")
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
	for key, stored := range dump {
		var list []string
		var fields map[string]string
		switch stored.Type {
		case "list", "set":
			err = json.Unmarshal(stored.Value, &list)
		case "hash":
			err = json.Unmarshal(stored.Value, &fields)
		}
		if err != nil {
			return err
		}
		switch stored.Type {
		case "list":
			err = client.RPush(ctx, key, list).Err()
		case "set":
			err = client.SAdd(ctx, key, list).Err()
		case "hash":
			err = client.HSet(ctx, key, fields).Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
}
