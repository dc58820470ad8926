package redbeat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// fill writes entries as RedBeat does.
func fill(t *testing.T, client redis.UniversalClient, prefix string, entries map[string]Stored) {
	t.Helper()
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for name, s := range entries {
			p.HSet(t.Context(), prefix+name, "definition", s.Definition, "meta", s.Meta)
			p.ZAdd(t.Context(), prefix+":schedule", redis.Z{Score: s.Score, Member: prefix + name})
		}
		p.SAdd(t.Context(), prefix+":statics", "static-nightly")
		p.Set(t.Context(), prefix+":lock", "token", 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReaderReadsWhatRedBeatStored(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		want := recorded(t)
		fill(t, client, "app[1]*", want)
		fill(t, client, "app1x", map[string]Stored{"other": {Definition: "{}"}})
		stored, err := NewReader(client, "app[1]*").Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]Stored)
		for _, s := range stored {
			got[s.Name] = s
		}
		if !maps.Equal(got, want) {
			t.Errorf("read %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	})
}

// TestReaderIsNotHeldUp reads good entries among keys of other types, sizes and names.
func TestReaderIsNotHeldUp(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		ctx := t.Context()
		fill(t, client, DefaultPrefix, map[string]Stored{"good": {Definition: "{}", Meta: "{}", Score: 5}})
		large := strings.Repeat("x", maxField+1)
		for _, err := range []error{
			client.Set(ctx, "redbeat:mylock", "token", 0).Err(),
			client.Set(ctx, "redbeat:text", "x", 0).Err(),
			client.RPush(ctx, "redbeat:list", "x").Err(),
			client.HSet(ctx, "redbeat:large", "definition", large).Err(),
			client.HSet(ctx, "redbeat:large meta", "definition", "{}", "meta", large).Err(),
			client.HSet(ctx, "redbeat:empty", "meta", "{}").Err(),
			client.HSet(ctx, "redbeat:unscheduled", "definition", "{}").Err(),
			client.HSet(ctx, "redbeat:"+strings.Repeat("n", maxName+1), "definition", "{}").Err(),
			client.HSet(ctx, "redbeat:\xff\n", "definition", "{}").Err(),
			client.ZAdd(ctx, "redbeat::schedule", redis.Z{Score: -1, Member: "redbeat:text"}, redis.Z{Score: 1, Member: "redbeat:gone"}, redis.Z{Score: 1, Member: "elsewhere"}).Err(),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		stored, err := NewReader(client, DefaultPrefix).Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range stored {
			got = append(got, fmt.Sprintf("%.12q %t %v %v%s", s.Name, s.Scheduled, s.Score, text(s.Err), s.Foreign))
		}
		slices.Sort(got)
		want := []string{
			`"\xff\n" false 0 `,
			`"elsewhere" true 1 its key does not start with "redbeat:": see to --key-prefix`,
			`"empty" false 0 it has no definition: its hash is gone, and with it what to run`,
			`"gone" true 1 it has no definition: its hash is gone, and with it what to run`,
			`"good" true 5 `,
			`"large meta" false 0 its definition or meta has 262145 bytes: at most 262144 are read`,
			`"large" false 0 its definition or meta has 262145 bytes: at most 262144 are read`,
			`"list" false 0 it is not an entry: its key holds no hash, as RedBeat's lock does not`,
			`"mylock" false 0 it is not an entry: its key holds no hash, as RedBeat's lock does not`,
			`"nnnnnnnnnnnn" false 0 its name has 1025 bytes: at most 1024 are read`,
			`"text" true -1 its key holds no hash: save the entry again in RedBeat`,
			`"unscheduled" false 0 `,
		}
		if !slices.Equal(got, want) {
			t.Errorf("read\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestReaderSaysThatItCannotRead does not take an outage for an empty schedule.
func TestReaderSaysThatItCannotRead(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	if err := client.Set(t.Context(), "redbeat::schedule", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := NewReader(client, DefaultPrefix).Read(t.Context()); fmt.Sprint(err) != "read redbeat::schedule: WRONGTYPE Operation against a key holding the wrong kind of value" {
		t.Errorf("error is %v, want one about redbeat::schedule", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewReader(client, "other:").Read(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
	server.Stop()
	if _, err := NewReader(client, "other:").Read(t.Context()); fmt.Sprint(err) != "read other::schedule: dial tcp "+server.Addr+": connect: connection refused" {
		t.Errorf("a server that is gone: %v", err)
	}
}
