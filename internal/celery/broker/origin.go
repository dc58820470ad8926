package broker

import (
	"fmt"
	"os"
)

// Origin is who sends messages from this process, as Celery's programs name themselves.
var Origin = func() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("switchyard%d@%s", os.Getpid(), host)
}()
