package tokens

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// fill puts IDs into an index that end at a time, "+inf" for never.
func fill(t *testing.T, client redis.UniversalClient, index string, n int, ends float64) {
	t.Helper()
	members := make([]redis.Z, n)
	for i := range members {
		members[i] = redis.Z{Score: ends, Member: fmt.Sprintf("%012d", i)}
	}
	if err := client.ZAdd(t.Context(), index, members...).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestThereAreNoMoreActiveTokensThanTenThousand(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		n := New{Name: "a", Scopes: scopes(t, "admin")}
		fill(t, client, s.made(), most-1, float64(c.now().Add(time.Hour).UnixMilli()))
		_, parent := mustMake(t, s, n)
		const want = "there are too many tokens: 10000 in p:{tokens}:made are active: revoke some, see switchyard token list"
		if _, _, err := s.Make(t.Context(), n); !errors.Is(err, ErrFull) || err.Error() != want {
			t.Errorf("one more: %v", err)
		}
		mustChild(t, s, parent, New{Scopes: n.Scopes, Expires: time.Minute}) // children have a place of their own
		if changed, err := s.Revoke(t.Context(), parent.ID); !changed || err != nil {
			t.Fatal(changed, err)
		}
		mustMake(t, s, n)
		if _, _, err := s.Make(t.Context(), n); !errors.Is(err, ErrFull) {
			t.Errorf("one more after one was revoked: %v", err)
		}
		c.advance(time.Hour)
		mustMake(t, s, n)
		if ended := client.ZCount(t.Context(), s.made(), "-inf", fmt.Sprint(c.now().UnixMilli())).Val(); ended != most {
			t.Errorf("%d that have ended are kept, want %d", ended, most)
		}
	})
}

func TestTheEarliestOfTooManyEndedTokensAreForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		_, first := mustMake(t, s, New{Name: "first", Scopes: scopes(t, "admin"), Expires: time.Second})
		c.advance(2 * time.Second)
		fill(t, client, s.made(), most, float64(c.now().UnixMilli()))
		mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
		if _, found, err := s.Get(t.Context(), first.ID); found || err != nil {
			t.Errorf("the first is found: %t, %v", found, err)
		}
		if n := client.ZCard(t.Context(), s.made()).Val(); n != most+1 {
			t.Errorf("the index has %d", n)
		}
	})
}

func TestOneParentDoesNotTakeTheChildrenOfOthers(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		n := New{Name: "a", Scopes: scopes(t, "admin"), Expires: time.Hour}
		_, one := mustMake(t, s, n)
		_, other := mustMake(t, s, n)
		fill(t, client, s.childrenOf(one.ID), mostOfOne-1, float64(c.now().Add(time.Hour).UnixMilli()))
		_, child := mustChild(t, s, one, n)
		want := "there are too many tokens: " + one.ID + " has 1000 active children: wait until some expire"
		if _, _, err := s.Child(t.Context(), one, n); !errors.Is(err, ErrFull) || err.Error() != want {
			t.Errorf("one more: %v", err)
		}
		mustChild(t, s, other, n)
		if changed, err := s.Revoke(t.Context(), child.ID); !changed || err != nil {
			t.Fatal(changed, err)
		}
		mustChild(t, s, one, n)
		if left := client.PTTL(t.Context(), s.childrenOf(one.ID)).Val(); left <= time.Hour || left > 2*time.Hour {
			t.Errorf("the children of one are kept for %s", left)
		}
		fill(t, client, s.children(), most, float64(c.now().Add(time.Hour).UnixMilli()))
		if _, _, err := s.Child(t.Context(), other, n); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "10000 in p:{tokens}:children") {
			t.Errorf("one more of all: %v", err)
		}
	})
}

func TestADamagedTokenPermitsNothingAndDisturbsNoOther(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for name, damage := range map[string]func(key string) error{
			"another type": func(key string) error {
				return errors.Join(client.Del(t.Context(), key).Err(), client.LPush(t.Context(), key, "x").Err())
			},
			"no JSON": func(key string) error { return client.HSet(t.Context(), key, "token", "{").Err() },
			"another's": func(key string) error {
				return client.HSet(t.Context(), key, "token", `{"id":"abcdefghijkl","scopes":["admin"]}`).Err()
			},
			"no hash":      func(key string) error { return client.HDel(t.Context(), key, "hash").Err() },
			"no token":     func(key string) error { return client.HDel(t.Context(), key, "token").Err() },
			"only a count": func(key string) error { return client.HDel(t.Context(), key, "token", "hash", "parent").Err() },
		} {
			s, _ := open(client)
			good, kept := mustMake(t, s, New{Name: "good", Scopes: scopes(t, "admin")})
			text, made := mustMake(t, s, New{Name: "bad", Scopes: scopes(t, "admin")})
			client.HSet(t.Context(), s.token(made.ID), "uses", "1")
			if err := damage(s.token(made.ID)); err != nil {
				t.Fatal(err)
			}
			wants(t, s, text, ErrUnknown)
			wants(t, s, good, nil)
			states := make(map[string]State)
			list, err := s.List(t.Context())
			for _, l := range list {
				states[l.ID] = l.State
			}
			if err != nil || states[kept.ID] != Active || states[made.ID] != Unreadable {
				t.Errorf("%s: listed %v, %v", name, states, err)
			}
			if changed, err := s.Revoke(t.Context(), made.ID); !changed || err != nil {
				t.Errorf("%s: revoked %t, %v", name, changed, err)
			}
			if _, err := s.Revoke(t.Context(), kept.ID); err != nil {
				t.Error(err)
			}
			if left, found, err := s.Get(t.Context(), made.ID); err != nil || found && left.State != Revoked {
				t.Errorf("%s: is still there as %s, %v", name, left.State, err)
			}
			listed := client.ZScore(t.Context(), s.made(), made.ID).Err() == nil
			if is := client.HExists(t.Context(), s.token(made.ID), "token").Val(); is != listed {
				t.Errorf("%s: in the index %t, there %t", name, listed, is)
			}
			wants(t, s, good, ErrRevoked)
		}
	})
}

func TestAScopeOfALaterReleasePermitsNothingHere(t *testing.T) {
	s, _ := open(redistest.Client(t, redistest.Mini(t).Addr()))
	text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "tasks:read")})
	record := s.client.HGet(t.Context(), s.token(made.ID), "token").Val()
	record = strings.Replace(record, `["tasks:read"]`, `["later:fly","tasks:read"]`, 1)
	s.client.HSet(t.Context(), s.token(made.ID), "token", record)
	got, err := s.Verify(t.Context(), text)
	if err != nil || fmt.Sprint(got.Scopes) != "[tasks:read]" {
		t.Errorf("%v, %v", got.Scopes, err)
	}
}

func TestAMarkOfARevocationCountsWhateverItSays(t *testing.T) {
	s, _ := open(redistest.Client(t, redistest.Mini(t).Addr()))
	text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "tasks:read")})
	s.client.HSet(t.Context(), s.token(made.ID), "revoked", "yes")
	wants(t, s, text, ErrRevoked)
}

func TestAFullRedisRevokesAndMakesNone(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	s, _ := open(client)
	n := New{Name: "a", Scopes: scopes(t, "admin")}
	text, made := mustMake(t, s, n)
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Make(t.Context(), n); err == nil || !strings.Contains(err.Error(), "OOM") || errors.Is(err, ErrFull) {
		t.Errorf("made on a full Redis: %v", err)
	}
	wants(t, s, text, nil)
	if changed, err := s.Revoke(t.Context(), made.ID); !changed || err != nil {
		t.Errorf("revoked %t, %v", changed, err)
	}
	wants(t, s, text, ErrRevoked)
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 || list[0].State != Revoked {
		t.Errorf("listed %v, %v", list, err)
	}
}

func TestARedisThatIsAwayIsNoRefusal(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer func() { _ = client.Close() }()
	s, _ := open(client)
	text, id, _ := newText()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := s.Verify(ctx, text)
	if err == nil || errors.Is(err, ErrRefused) || strings.Contains(err.Error(), text[16:]) || !strings.HasPrefix(err.Error(), "look up token "+id+": ") {
		t.Errorf("says %v", err)
	}
	if list, err := s.List(ctx); err == nil {
		t.Errorf("lists %v", list)
	}
}

func TestARevocationAddsNothingToAnIndex(t *testing.T) {
	s, _ := open(redistest.Client(t, redistest.Mini(t).Addr()))
	_, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
	_, child := mustChild(t, s, made, New{Scopes: scopes(t, "admin"), Expires: time.Hour})
	s.client.Del(t.Context(), s.made(), s.children(), s.childrenOf(made.ID))
	for _, id := range []string{made.ID, child.ID} {
		if changed, err := s.Revoke(t.Context(), id); !changed || err != nil {
			t.Fatal(changed, err)
		}
	}
	if n := s.client.Exists(t.Context(), s.made(), s.children(), s.childrenOf(made.ID)).Val(); n != 0 {
		t.Errorf("%d indexes are there again", n)
	}
}
