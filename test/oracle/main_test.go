package oracle

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

var (
	full = flag.Bool("full", false, "run the long form: ten times the damage, drawn anew each time")
	seed = flag.Uint64("seed", 0, "what the damage is drawn from; 0 takes a new one in the long form")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *seed == 0 && *full {
		*seed = uint64(time.Now().UnixNano())
	}
	// The tests wait most of the time: for outages to end, for a janitor to come by.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	fmt.Printf("oracle: -seed=%d\n", *seed)
	logging.Disable() // the Redis client's own, which tells every failure to connect
	goleak.VerifyTestMain(m)
}
