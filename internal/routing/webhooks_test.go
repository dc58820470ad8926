package routing

import (
	"testing"
	"time"

	"switchyard/internal/tasks"
)

func TestADeliveryIsTriedForAboutADayWithGrowingDelays(t *testing.T) {
	table, err := New([]string{Agents, Briefings, Scraping, Default}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	route, err := table.Route(tasks.WebhookDeliver)
	if err != nil {
		t.Fatal(err)
	}
	var whole, last time.Duration
	for n := 1; n <= route.Policy.Retries; n++ {
		d := route.Policy.Delay(n)
		if d < last/2 {
			t.Errorf("delay %d is %s after %s", n, d, last)
		}
		whole, last = whole+d, d
	}
	if whole < 22*time.Hour || whole > 28*time.Hour || route.Policy.HardLimit > time.Minute {
		t.Errorf("tried for %s, each time up to %s", whole, route.Policy.HardLimit)
	}
}
