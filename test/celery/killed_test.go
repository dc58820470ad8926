package celery

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const (
	entriesKilled = 100
	secondsKilled = 20
	// leadKilled is for a scheduler to bring the entries into the schedule: ticks before that are none.
	leadKilled = 8 * time.Second
)

// TestEachTickIsSentOnceByThreeSchedulersThatAreKilled has three schedulers send a hundred ticks a second,
// and kills one of them several times a second, in whatever it does.
func TestEachTickIsSentOnceByThreeSchedulersThatAreKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	t.Parallel()
	var end time.Time
	missing := map[string]string{} // ids to the names of their ticks
	o := newOffice(t, func() string {
		first := time.Now().Truncate(time.Second).Add(leadKilled).UTC()
		end = first.Add(secondsKilled * time.Second)
		var lines strings.Builder
		for n := range entriesKilled {
			fmt.Fprintf(&lines, "  e%d: {spec: '@every 1s', start: %s, end: %s, catch_up: all, kind: cleanup, payload: {days: %d}}\n",
				n, first.Format(time.RFC3339), end.Format(time.RFC3339), n)
			for at := first; at.Before(end); at = at.Add(time.Second) {
				name := fmt.Sprintf("e%d@%s", n, at.Format("20060102T150405Z"))
				missing[idOf(name)] = name
			}
		}
		return lines.String() + "scheduler: {claim_lease: 1s, batch: 20}\n"
	})
	fleet := []*exec.Cmd{o.scheduler(), o.scheduler(), o.scheduler()}
	kills := 0
	for time.Now().Before(end) {
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		victim := rand.IntN(len(fleet))
		_ = fleet[victim].Process.Kill()
		fleet[victim] = o.scheduler()
		kills++
	}
	o.await("each tick sent", func() bool { return o.broker.LLen(t.Context(), "house").Val() >= int64(len(missing)) })
	time.Sleep(3 * time.Second) // for claims that lapse to be tried again
	twice := 0
	for _, text := range o.broker.LRange(t.Context(), "house", 0, -1).Val() {
		var m struct{ Headers struct{ ID string } }
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
		if _, wanted := missing[m.Headers.ID]; !wanted {
			twice++
		}
		delete(missing, m.Headers.ID)
	}
	t.Logf("%d ticks, %d schedulers killed", entriesKilled*secondsKilled, kills)
	if twice > 0 || len(missing) > 0 {
		t.Errorf("%d messages were sent twice or have no tick, and %d ticks were not sent: %v", twice, len(missing), missing)
	}
}
