package links

import (
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestASecretLeadsToItsUserUntilItIsReplaced(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := NewStore(client, "p:"), t.Context()
		secret := func(do func() (string, error)) string {
			t.Helper()
			text, err := do()
			if err != nil || len(text) < 26 || strings.Contains(text, "ada") {
				t.Fatalf("secret %q, %v", text, err)
			}
			return text
		}
		find := func(secret string, want Link, found bool) {
			t.Helper()
			if l, ok, err := s.Find(ctx, secret); err != nil || ok != found || ok && l != want {
				t.Errorf("%.8s: %+v, %v, %v; want %+v, %v", secret, l, ok, err, want, found)
			}
		}
		read := secret(func() (string, error) { return s.Secret(ctx, "ada/1", Read) })
		leave := secret(func() (string, error) { return s.Secret(ctx, "ada/1", Leave("email")) })
		if again := secret(func() (string, error) { return s.Secret(ctx, "ada/1", Read) }); again != read {
			t.Error("asked again it is another one")
		}
		find(read, Link{"ada/1", Read}, true)
		find(leave, Link{"ada/1", "leave:email"}, true)
		renewed := secret(func() (string, error) { return s.Rotate(ctx, "ada/1", Read) })
		find(read, Link{}, false)
		find(renewed, Link{"ada/1", Read}, true)
		find(leave, Link{"ada/1", "leave:email"}, true)
		// What leads somewhere is worth nothing without the user's own list.
		client.Set(ctx, s.linkKey("forged"), `{"user":"ada/1","purpose":"read"}`, 0)
		for _, bad := range []string{"", "forged", "nothing", strings.Repeat("x", 1000)} {
			find(bad, Link{}, false)
		}
	})
}

func TestManyWhoAskAtOnceGetTheSameSecret(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "p:")
		got := make([]string, 8)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() {
				var err error
				if got[i], err = s.Secret(t.Context(), "ada", Read); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, secret := range got {
			if l, found, err := s.Find(t.Context(), secret); err != nil || !found || l.User != "ada" || secret != got[0] {
				t.Errorf("%s leads to %+v, %v, %v", secret, l, found, err)
			}
		}
	})
}
