package calendar

import "testing"

func BenchmarkSpec(b *testing.B) {
	zone, err := LoadZone("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	after := mustTime(b, "2026-01-01T00:00:00Z")
	for _, text := range []string{
		"30 8 * * MON-FRI", "0 9 LW * *", "@every 90s", "@sunset 52.52 13.405",
		"DTSTART:19950105T083000 RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "DTSTART:19950105T083000 RRULE:FREQ=DAILY;COUNT=1000",
	} {
		b.Run("parse/"+text, func(b *testing.B) {
			for b.Loop() {
				_, _ = parse(NewBudget(b.Context()), text, Options{Zone: zone})
			}
		})
		b.Run("again/"+text, func(b *testing.B) {
			for b.Loop() {
				_, _ = parseText(b, text, zone)
			}
		})
		spec := mustSpec(b, text, "Europe/Berlin")
		b.Run("next/"+text, func(b *testing.B) {
			for b.Loop() {
				spec.Next(after)
			}
		})
	}
}
