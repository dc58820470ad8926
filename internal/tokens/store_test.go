package tokens

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is one that stands still until it is set. It is safe for concurrent use.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Milliseconds()) }

// open returns a store on a client, and its clock.
func open(client redis.UniversalClient) (*Store, *clock) {
	c := &clock{}
	c.at.Store(time.Now().UnixMilli())
	return NewStore(client, "p:", c.now), c
}

// scopes reads some.
func scopes(t *testing.T, texts ...string) []Scope {
	t.Helper()
	var all []Scope
	for _, text := range texts {
		s, err := ParseScope(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// mustMake makes a token.
func mustMake(t *testing.T, s *Store, n New) (string, Token) {
	t.Helper()
	text, token, err := s.Make(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return text, token
}

// wants reports an error of Verify that is another one.
func wants(t *testing.T, s *Store, text string, want error) {
	t.Helper()
	_, err := s.Verify(t.Context(), text)
	if !errors.Is(err, want) || want != nil && !errors.Is(err, ErrRefused) {
		t.Errorf("verify says %v, want %v", err, want)
	}
	if err != nil && strings.Contains(err.Error(), text[len(text)-10:]) {
		t.Errorf("the error has the token: %v", err)
	}
}

func TestATokenIsVerifiedByItsTextAlone(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		n := New{Name: "web shop", Scopes: scopes(t, "tasks:send:agent_*", "runs:read", "runs:read"), User: "ada", Expires: time.Hour, By: "op (command)"}
		text, made := mustMake(t, s, n)
		got, err := s.Verify(t.Context(), text)
		if want := fmt.Sprint(made); err != nil || fmt.Sprint(got) != want {
			t.Errorf("verified as %v, %v; want %s", got, err, want)
		}
		if made.User != "ada" || made.By != "op (command)" || !made.Created.Equal(c.now()) || !made.Expires.Equal(c.now().Add(time.Hour)) || fmt.Sprint(made.Scopes) != "[runs:read tasks:send:agent_*]" {
			t.Errorf("made %+v", made)
		}
		other, _ := mustMake(t, s, New{Name: "other", Scopes: scopes(t, "admin")})
		wants(t, s, other, nil)
		wants(t, s, text[:15]+other[15:], ErrUnknown) // the ID of one, the secret of the other
		unknown, _, _ := newText()
		wants(t, s, unknown, ErrUnknown)
		wants(t, s, "Bearer "+text, ErrUnknown)
		if found, ok, err := s.Get(t.Context(), made.ID); !ok || err != nil || fmt.Sprint(found) != fmt.Sprint(made) {
			t.Errorf("found %v, %t, %v", found, ok, err)
		}
	})
}

func TestNoSecretIsStored(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, _ := open(client)
		text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
		secret := text[len(text)-secretLength:]
		stored := client.HGetAll(t.Context(), "p:{tokens}:token:"+made.ID).Val()
		if stored["hash"] != hashOf(secret) || len(stored) != 3 || stored["parent"] != "" {
			t.Errorf("stored %v", stored)
		}
		if strings.Contains(fmt.Sprint(stored), secret) || strings.Contains(stored["token"], stored["hash"]) {
			t.Errorf("the secret or its hash is in %v", stored)
		}
	})
}

func TestATokenExpiresAtItsTimeAndIsForgottenLater(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin"), Expires: time.Hour})
		endless, _ := mustMake(t, s, New{Name: "for ever", Scopes: scopes(t, "admin")})
		c.advance(time.Hour - 600*time.Millisecond)
		wants(t, s, text, nil)
		c.advance(599 * time.Millisecond)
		wants(t, s, text, nil)
		c.advance(time.Millisecond) // while the answer is remembered
		wants(t, s, text, ErrExpired)
		c.advance(time.Hour)
		wants(t, s, text, ErrExpired)
		wants(t, s, endless, nil)
		if left := client.PTTL(t.Context(), s.token(made.ID)).Val(); left <= 30*24*time.Hour || left > 30*24*time.Hour+time.Hour {
			t.Errorf("it is kept for %s", left)
		}
		if list, err := s.List(t.Context()); err != nil || len(list) != 2 || list[0].State != Expired && list[1].State != Expired {
			t.Errorf("listed %+v, %v", list, err)
		}
		if err := client.Del(t.Context(), s.token(made.ID)).Err(); err != nil { // as Redis does when its time comes
			t.Fatal(err)
		}
		wants(t, s, endless, nil)
		c.advance(31 * 24 * time.Hour)
		mustMake(t, s, New{Name: "b", Scopes: scopes(t, "admin")})
		if n := client.ZCard(t.Context(), s.made()).Val(); n != 2 {
			t.Errorf("the index has %d tokens, want 2", n)
		}
		if left := client.PTTL(t.Context(), s.token(endless[3:15])).Val(); left >= 0 {
			t.Errorf("one without an end is kept for %s", left)
		}
	})
}

func TestARevokedTokenIsRefusedAtOnceAndElsewhereWithinASecond(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		elsewhere := NewStore(client, "p:", c.now)
		text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
		wants(t, s, text, nil)
		wants(t, elsewhere, text, nil)
		if changed, err := s.Revoke(t.Context(), made.ID); !changed || err != nil {
			t.Fatal(changed, err)
		}
		wants(t, s, text, ErrRevoked)
		c.advance(999 * time.Millisecond)
		wants(t, elsewhere, text, nil)
		c.advance(time.Millisecond)
		wants(t, elsewhere, text, ErrRevoked)
		for _, id := range []string{made.ID, "abcdefghijkl", "p:{tokens}:made"} {
			if changed, err := s.Revoke(t.Context(), id); changed || err != nil {
				t.Errorf("%s is revoked again: %t, %v", id, changed, err)
			}
		}
		found, _, err := s.Get(t.Context(), made.ID)
		if err != nil || found.State != Revoked || c.now().Sub(found.Revoked) != time.Second {
			t.Errorf("found %+v, %v", found, err)
		}
		if left := client.PTTL(t.Context(), s.token(made.ID)).Val(); left <= 29*24*time.Hour || left > 30*24*time.Hour {
			t.Errorf("it is kept for %s", left)
		}
	})
}

func TestAnAnswerThatIsOvertakenByARevocationIsNotRemembered(t *testing.T) {
	s, c := open(redistest.Client(t, redistest.Mini(t).Addr()))
	text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
	late, err := s.ask(t.Context(), made.ID, text[len(text)-secretLength:])
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Revoke(t.Context(), made.ID); !changed || err != nil {
		t.Fatal(changed, err)
	}
	s.remember(tried{}, late)
	if _, fresh := s.recall(tried{}, c.now()); fresh {
		t.Error("an answer from before the revocation counts")
	}
}

func TestAClockThatIsSetBackMakesNoAnswerLastLonger(t *testing.T) {
	s, c := open(redistest.Client(t, redistest.Mini(t).Addr()))
	elsewhere := NewStore(s.client, "p:", c.now)
	text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
	wants(t, s, text, nil)
	if _, err := elsewhere.Revoke(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	c.advance(-time.Hour)
	wants(t, s, text, ErrRevoked)
	// It is set back while a request is under way.
	if _, err := s.answer(t.Context(), tried{}, c.now().Add(time.Hour), func(context.Context) (answer, error) { return answer{unknown: true, asked: c.now()}, nil }); err != nil {
		t.Error(err)
	}
}

func TestWhoeverTriesTokensOutDisplacesNobodysAnswer(t *testing.T) {
	s, _ := open(redistest.Client(t, redistest.Mini(t).Addr()))
	text, _ := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "admin")})
	wants(t, s, text, nil)
	for range maxRefused + 10 {
		unknown, _, _ := newText()
		wants(t, s, unknown, ErrUnknown)
	}
	if s.granted.Len() != 1 || s.refused.Len() != maxRefused {
		t.Errorf("%d answers that grant and %d that refuse are remembered", s.granted.Len(), s.refused.Len())
	}
}

func TestATokenThatIsThereIsNotReplaced(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		text, made := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "tasks:read")})
		given, err := argument(making{ID: made.ID, Now: c.now().UnixMilli(), Most: most})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := makeScript.Run(t.Context(), client, []string{s.token(made.ID), s.made(), s.nothing()}, given, `{"scopes":["admin"]}`, "").Text()
		if answer != "taken" || err != nil {
			t.Errorf("a second token of the ID: %s, %v", answer, err)
		}
		wants(t, s, text, nil)
	})
}
