package calendar_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"switchyard/internal/calendar"
)

// printTicks prints the first ticks of a spec after a moment, in its zone.
func printTicks(text, zoneName, after string, n int, dialect calendar.Dialect) {
	zone, err := calendar.LoadZone(zoneName)
	if err != nil {
		log.Fatal(err)
	}
	budget := calendar.NewBudget(context.Background())
	spec, err := calendar.Parse(budget, text, calendar.Options{Zone: zone, Cron: dialect})
	if err != nil {
		log.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, after)
	for range n {
		if err == nil {
			at, err = spec.Next(budget, at)
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(at.In(zone).Format("Mon 2006-01-02 15:04 MST"))
	}
}

func ExampleParse() {
	printTicks("30 8 * * MON-FRI", "Europe/Berlin", "2026-11-27T09:00:00Z", 2, "")
	// Output:
	// Mon 2026-11-30 08:30 CET
	// Tue 2026-12-01 08:30 CET
}

// A time that the clock skips is due right after the gap, and the day after at its own time.
func ExampleParse_clockChange() {
	printTicks("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3, "")
	// Output:
	// Sat 2026-03-28 02:30 CET
	// Sun 2026-03-29 03:00 CEST
	// Mon 2026-03-30 02:30 CEST
}

func ExampleParse_rule() {
	printTicks("DTSTART:20260105T083000 RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "America/New_York", "2026-11-01T00:00:00Z", 2, "")
	// Output:
	// Mon 2026-11-30 08:30 EST
	// Thu 2026-12-31 08:30 EST
}

// Celery asks for both days of a crontab, which makes this the first Monday of the month.
func ExampleDialect() {
	printTicks("0 9 1-7 * mon", "UTC", "2026-11-25T00:00:00Z", 2, calendar.Celery)
	fmt.Println("and")
	printTicks("0 9 1-7 * mon", "UTC", "2026-11-25T00:00:00Z", 3, calendar.Crontab)
	// Output:
	// Mon 2026-12-07 09:00 UTC
	// Mon 2027-01-04 09:00 UTC
	// and
	// Mon 2026-11-30 09:00 UTC
	// Tue 2026-12-01 09:00 UTC
	// Wed 2026-12-02 09:00 UTC
}
