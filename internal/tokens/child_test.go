package tokens

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// mustChild makes a child.
func mustChild(t *testing.T, s *Store, parent Token, n New) (string, Token) {
	t.Helper()
	text, token, err := s.Child(t.Context(), parent, n)
	if err != nil {
		t.Fatal(err)
	}
	return text, token
}

func TestAChildEndsWithItsParent(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		_, parent := mustMake(t, s, New{Name: "shop", Scopes: scopes(t, "admin"), Expires: 2 * time.Hour})
		_, gone := mustMake(t, s, New{Name: "gone", Scopes: scopes(t, "admin")})
		text, child := mustChild(t, s, parent, New{Scopes: scopes(t, "tasks:read"), User: "ada", Tasks: []string{"t1"}, Expires: 15 * time.Minute})
		orphan, lost := mustChild(t, s, gone, New{Scopes: scopes(t, "tasks:read"), Expires: time.Hour})
		wants(t, s, text, nil)
		wants(t, s, orphan, nil)
		if child.Name != "shop" || child.Parent != parent.ID || child.User != "ada" || len(child.Tasks) != 1 || !child.Expires.Equal(c.now().Add(15*time.Minute)) {
			t.Errorf("made %+v", child)
		}
		if changed, err := s.Revoke(t.Context(), parent.ID); !changed || err != nil {
			t.Fatal(changed, err)
		}
		if err := client.Del(t.Context(), s.token(gone.ID)).Err(); err != nil {
			t.Fatal(err)
		}
		wants(t, s, text, ErrRevoked)
		wants(t, s, orphan, ErrRevoked)
		list, err := s.List(t.Context())
		if err != nil || len(list) != 3 {
			t.Fatal(list, err)
		}
		for _, listed := range list {
			if listed.State != Revoked {
				t.Errorf("%s is listed as %s", listed.Name, listed.State)
			}
		}
		if found, _, err := s.Get(t.Context(), lost.ID); err != nil || found.State != Revoked {
			t.Errorf("found %+v, %v", found, err)
		}
		if left := client.PTTL(t.Context(), s.token(child.ID)).Val(); left <= time.Hour || left > 75*time.Minute {
			t.Errorf("a child is kept for %s", left)
		}
	})
}

func TestAChildOutlivesNeitherADayNorItsParent(t *testing.T) {
	s, c := open(redistest.Client(t, redistest.Mini(t).Addr()))
	text, parent := mustMake(t, s, New{Name: "a", Scopes: scopes(t, "tokens:make", "tasks:read"), Expires: time.Hour})
	n := New{Scopes: scopes(t, "tasks:read"), Expires: 2 * time.Hour}
	if _, child := mustChild(t, s, parent, n); !child.Expires.Equal(parent.Expires) {
		t.Errorf("it ends at %s, its parent at %s", child.Expires, parent.Expires)
	}
	for _, wrong := range []time.Duration{0, 24*time.Hour + 1, time.Millisecond, -time.Hour} {
		n.Expires = wrong
		var field *FieldError
		if _, _, err := s.Child(t.Context(), parent, n); !errors.As(err, &field) || field.Field != "expires" || err.Error() != fmt.Sprintf("expires is %s: use 1s to 24h0m0s for a child token", wrong) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	c.advance(time.Hour)
	n.Expires = time.Hour
	if _, _, err := s.Child(t.Context(), parent, n); !errors.Is(err, ErrExpired) {
		t.Errorf("a child of an expired token: %v", err)
	}
	wants(t, s, text, ErrExpired)
}

func TestAChildIsPermittedNoMoreThanItsParent(t *testing.T) {
	s, _ := open(redistest.Client(t, redistest.Mini(t).Addr()))
	parent := func(user string, texts ...string) Token {
		_, made := mustMake(t, s, New{Name: "a", User: user, Scopes: scopes(t, texts...)})
		return made
	}
	some := parent("", "tokens:make", "tasks:read:agent_*", "tasks:cancel:agent_x")
	adas, all := parent("ada", "tokens:make", "tasks:read"), parent("", "admin")
	_, child := mustChild(t, s, all, New{Scopes: scopes(t, "admin"), Expires: time.Hour})
	for name, tc := range map[string]struct {
		parent Token
		user   string
		scopes []string
		want   string // "": it is made
	}{
		"the same":               {some, "", []string{"tasks:read:agent_*"}, ""},
		"less":                   {some, "bob", []string{"tasks:read:agent_x", "tasks:cancel:agent_x", "kinds:read"}, ""},
		"one user":               {adas, "ada", []string{"tasks:read"}, ""},
		"of everything some":     {all, "ada", []string{"users:write", "tasks:send:agent_*"}, ""},
		"more kinds":             {some, "", []string{"tasks:read"}, "lacks the scope tasks:read: leave it out"},
		"another prefix":         {some, "", []string{"tasks:read:agent*"}, "lacks the scope tasks:read:agent*: leave it out"},
		"a prefix of one":        {some, "", []string{"tasks:cancel:agent_x*"}, "lacks the scope tasks:cancel:agent_x*: leave it out"},
		"one more":               {some, "", []string{"tasks:read:agent_*", "tasks:send"}, "lacks the scope tasks:send: leave it out"},
		"everything":             {some, "", []string{"admin"}, "lacks the scope admin: leave it out"},
		"another user":           {adas, "bob", []string{"tasks:read"}, `user "bob" is not "ada": leave it out`},
		"of one that makes none": {parent("", "tasks:read"), "", []string{"tasks:read"}, "lacks the scope tokens:make"},
		"of a child":             {child, "", []string{"tasks:read"}, "is a child itself, and makes none: use " + all.ID},
	} {
		text, made, err := s.Child(t.Context(), tc.parent, New{Scopes: scopes(t, tc.scopes...), User: tc.user, Expires: time.Hour})
		switch {
		case tc.want == "" && (err != nil || made.User != tc.user):
			t.Errorf("%s: %v for %q", name, err, made.User)
		case tc.want != "" && (!errors.Is(err, ErrExceeds) || !strings.HasSuffix(err.Error(), tc.want) || text != ""):
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if _, made := mustChild(t, s, adas, New{Scopes: scopes(t, "tasks:read"), Expires: time.Hour}); made.User != "ada" {
		t.Errorf("a child of ada's is for %q", made.User)
	}
}

func TestARevokedChildFreesItsPlaceAndIsForgottenInAnHour(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, c := open(client)
		n := New{Name: "a", Scopes: scopes(t, "admin"), Expires: 10 * time.Hour}
		_, parent := mustMake(t, s, n)
		_, child := mustChild(t, s, parent, n)
		if changed, err := s.Revoke(t.Context(), child.ID); !changed || err != nil {
			t.Fatal(changed, err)
		}
		for _, index := range []string{s.children(), s.childrenOf(parent.ID)} {
			if ends := client.ZScore(t.Context(), index, child.ID).Val(); ends != float64(c.now().UnixMilli()) {
				t.Errorf("in %s it ends at %f", index, ends)
			}
		}
		if left := client.PTTL(t.Context(), s.token(child.ID)).Val(); left <= 0 || left > time.Hour {
			t.Errorf("it is kept for %s", left)
		}
		c.advance(time.Hour + time.Millisecond)
		mustChild(t, s, parent, n)
		for _, index := range []string{s.children(), s.childrenOf(parent.ID)} {
			if n := client.ZCard(t.Context(), index).Val(); n != 1 {
				t.Errorf("%s has %d children", index, n)
			}
		}
	})
}
