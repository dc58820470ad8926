package faults

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

var (
	full = flag.Bool("full", false, "run the long form: 20,000 tasks, outages of up to a minute")
	seed = flag.Uint64("seed", 0, "what the faults are drawn from; 0 takes a new one")
)

// TestMain runs the tests, or a daemon: the test binary is its own worker and its own
// scheduler.
func TestMain(m *testing.M) {
	if text, ok := os.LookupEnv(orderVariable); ok {
		if err := serve(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	// The tests wait most of the time: for leases to run out, for outages to end.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	fmt.Printf("faults: -seed=%d\n", *seed)
	logging.Disable() // the Redis client's own, which tells every failure to connect
	goleak.VerifyTestMain(m, append(leftByToxiproxy, goleak.Cleanup(func(status int) {
		forgetRelease()
		os.Exit(status)
	}))...)
}

// either returns the long form's value or the short form's.
func either[T any](long, short T) T {
	if *full {
		return long
	}
	return short
}
