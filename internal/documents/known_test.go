package documents

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// reads counts how often a document itself is read.
type reads struct {
	redis.Hook
	documents int
}

func (r *reads) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, c := range cmds {
			if slices.Contains(c.Args(), any("document")) {
				r.documents++
			}
		}
		return next(ctx, cmds)
	}
}

func (r *reads) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (r *reads) DialHook(next redis.DialHook) redis.DialHook          { return next }

func TestADocumentIsReadOnceForAllUsersAndAgainOnceItHasChanged(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c, r := newClock(), &reads{}
		client.AddHook(r)
		s := New(client, "p:", 0, c.now)
		for n := range 5 {
			mustPut(t, s, page(n), Stored)
		}
		want := titles(t, s, c.t.Add(-hour), 9)
		for range 10 {
			if got := titles(t, s, c.t.Add(-hour), 9); !slices.Equal(got, want) || len(got) != 5 {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		if r.documents != 5 {
			t.Errorf("%d documents were read, want 5", r.documents)
		}
		changed := page(3)
		changed.Title = "Another title"
		// Another process has put it.
		mustPut(t, New(client, "p:", 0, c.now), changed, Changed)
		if d, found, err := s.Get(t.Context(), ID(changed.URL)); err != nil || !found || d.Title != "Another title" {
			t.Errorf("%+v, %v, %v, want what it has become", d, found, err)
		}
		client.Del(t.Context(), "p:document:"+ID(changed.URL))
		if d, found, err := s.Get(t.Context(), ID(changed.URL)); err != nil || found {
			t.Errorf("%+v, %v, %v, though it is gone", d, found, err)
		}
	})
}

func TestWhatIsKnownIsBounded(t *testing.T) {
	k := newKnown(10 * entrySize)
	for n := range 100 {
		k.add(fmt.Sprint(n), Document{Text: strings.Repeat("x", 2*entrySize)}, "v")
		if k.bytes > k.most || k.bytes != k.lru.Len()*3*entrySize {
			t.Fatalf("%d documents of %d bytes, counted as %d", k.lru.Len(), 3*entrySize, k.bytes)
		}
	}
	if _, found := k.get("99", "v"); !found || k.lru.Len() != 3 {
		t.Errorf("%d are known, want the newest 3", k.lru.Len())
	}
	k.add("large", Document{Text: strings.Repeat("x", 20*entrySize)}, "v")
	if k.bytes != 0 {
		t.Errorf("%d bytes, though what is larger than the bound is not kept", k.bytes)
	}
}
