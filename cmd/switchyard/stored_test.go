package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"switchyard/internal/layout"
)

var recordLayout = flag.Bool("record-layout", false, "record what testdata/record brings into Redis, as the state of this layout")

// storedFile has the state of a layout, as a release left it. It is never changed once that is out.
func storedFile() string {
	return filepath.Join("testdata", "stored", fmt.Sprintf("layout-%d.json", layout.Known))
}

// storedKey is one key of a Redis: a string, the fields of a hash, the members of a set, a list or a
// sorted set with its scores, the entries of a stream.
type storedKey struct {
	Key    string            `json:"key"`
	Type   string            `json:"type"`
	Text   []byte            `json:"text,omitempty"`
	Fields map[string][]byte `json:"fields,omitempty"`
	List   [][]byte          `json:"list,omitempty"`
	Scores []float64         `json:"scores,omitempty"`
	IDs    []string          `json:"ids,omitempty"`
}

// TestRecordTheStateOfThisLayout makes a file for TestCommands/layout, when asked.
func TestRecordTheStateOfThisLayout(t *testing.T) {
	if !*recordLayout {
		t.Skip("the state of this layout is recorded already: -record-layout does it anew")
	}
	runScripts(t, scripts{in: "testdata/record/*.txtar", on: standalone})
}

// record writes all keys of the script's Redis into the file.
func record(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: record")
	}
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: ts.Getenv("REDIS_ADDR")})
	defer func() { _ = client.Close() }()
	names, err := client.Keys(ctx, "*").Result()
	ts.Check(err)
	slices.Sort(names)
	var keys []storedKey
	for _, name := range names {
		key, err := readKey(ctx, client, name)
		ts.Check(err)
		keys = append(keys, key)
	}
	text, err := json.MarshalIndent(keys, "", " ")
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Dir(storedFile()), 0o755))
	ts.Check(os.WriteFile(storedFile(), append(text, '\n'), 0o644)) //nolint:gosec // a fixture
}

func readKey(ctx context.Context, client *redis.Client, name string) (storedKey, error) {
	kind, err := client.Type(ctx, name).Result()
	key := storedKey{Key: name, Type: kind}
	switch kind {
	case "string":
		key.Text, err = client.Get(ctx, name).Bytes()
	case "hash":
		fields, failed := client.HGetAll(ctx, name).Result()
		key.Fields, err = make(map[string][]byte), failed
		for field, value := range fields {
			key.Fields[field] = []byte(value)
		}
	case "list":
		items, failed := client.LRange(ctx, name, 0, -1).Result()
		key.List, err = texts(items), failed
	case "set":
		items, failed := client.SMembers(ctx, name).Result()
		slices.Sort(items)
		key.List, err = texts(items), failed
	case "zset":
		members, failed := client.ZRangeWithScores(ctx, name, 0, -1).Result()
		err = failed
		for _, m := range members {
			key.List, key.Scores = append(key.List, []byte(m.Member.(string))), append(key.Scores, m.Score)
		}
	case "stream":
		entries, failed := client.XRange(ctx, name, "-", "+").Result()
		err = failed
		for _, e := range entries {
			key.IDs = append(key.IDs, e.ID)
			for field, value := range e.Values { // each entry of ours has one field
				key.List = append(key.List, []byte(field), []byte(value.(string)))
			}
		}
	}
	return key, err
}

func texts(items []string) (all [][]byte) {
	for _, item := range items {
		all = append(all, []byte(item))
	}
	return all
}

// restore brings the recorded state into the script's Redis. Dead tasks die now, as they are not kept
// for as long as the file is.
func restore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: restore")
	}
	text, err := os.ReadFile(storedFile())
	ts.Check(err)
	var keys []storedKey
	ts.Check(json.Unmarshal(text, &keys))
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: ts.Getenv("REDIS_ADDR")})
	defer func() { _ = client.Close() }()
	for _, key := range keys {
		ts.Check(writeKey(ctx, client, key))
	}
}

func writeKey(ctx context.Context, client *redis.Client, key storedKey) error {
	var items []any
	for _, item := range key.List {
		items = append(items, item)
	}
	switch key.Type {
	case "string":
		return client.Set(ctx, key.Key, key.Text, 0).Err()
	case "hash":
		fields := make(map[string]any)
		for field, value := range key.Fields {
			fields[field] = value
		}
		return client.HSet(ctx, key.Key, fields).Err()
	case "list":
		return client.RPush(ctx, key.Key, items...).Err()
	case "set":
		return client.SAdd(ctx, key.Key, items...).Err()
	case "zset":
		for i, member := range items {
			score := key.Scores[i]
			if strings.HasSuffix(key.Key, ":archived") {
				score = float64(time.Now().Unix())
			}
			if err := client.ZAdd(ctx, key.Key, redis.Z{Score: score, Member: member}).Err(); err != nil {
				return err
			}
		}
		return nil
	case "stream":
		for i, id := range key.IDs {
			if err := client.XAdd(ctx, &redis.XAddArgs{Stream: key.Key, ID: id, Values: items[2*i : 2*i+2]}).Err(); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("key %s has the unknown type %s", key.Key, key.Type)
}

// raise RELEASE raises the layout of the script's Redis beyond what is known here, as a newer release does.
func raise(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: raise RELEASE")
	}
	client := redis.NewClient(&redis.Options{Addr: ts.Getenv("REDIS_ADDR")})
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	ts.Check(client.HSet(ctx, "switchyard:layout", "reads", layout.Known+1, "writes", layout.Known+1, "by", args[0], "at", time.Now().UnixMilli()).Err())
}
