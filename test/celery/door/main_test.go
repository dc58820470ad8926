// Package door has real clients and workers of Celery judge the Celery door: unchanged applications send
// tasks, and read what became of them, while worker processes perform them here.
package door

import (
	"fmt"
	"os"
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"

	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/daemon"
)

// configVariable names the configuration of a worker process. It has not the form of a setting.
const configVariable = "DOOR_CONFIG"

// TestMain runs the tests, or a worker: the test binary is its own worker.
func TestMain(m *testing.M) {
	if path, ok := os.LookupEnv(configVariable); ok {
		if err := work(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	logging.Disable() // the Redis client's own, which tells every failure to connect
	goleak.VerifyTestMain(m)
}

// work is the worker daemon with kinds of the tests' own.
func work(path string) error {
	c, err := config.Load(path, nil, func(*config.Config) {})
	if err != nil {
		return err
	}
	log, err := daemon.NewLogger("info", daemon.FormatJSON)
	if err != nil {
		return err
	}
	return app.RunWorker(c, c.Queues, log, kinds()...)
}
