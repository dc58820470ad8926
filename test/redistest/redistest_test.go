package redistest

import (
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachTestFindsItsRedisEmpty(t *testing.T) {
	for range 2 {
		Run(t, func(t *testing.T, client redis.UniversalClient) {
			if n, err := client.DBSize(t.Context()).Result(); n != 0 || err != nil {
				t.Errorf("%d keys, %v", n, err)
			}
			for n := range 100 { // in slots of every master
				if err := client.Set(t.Context(), strconv.Itoa(n), "left behind", 0).Err(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestParallelTestsTakeTurns(t *testing.T) {
	for n := range 2 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			client := sharedSentinel.client(t)
			client.Set(t.Context(), "whose turn", n, 0)
			for range 200 {
				if got, err := client.Get(t.Context(), "whose turn").Int(); got != n || err != nil {
					t.Fatalf("another test was let in: %d, %v", got, err)
				}
			}
		})
	}
}
