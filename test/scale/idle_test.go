package scale

import (
	"fmt"
	"testing"
)

// counts are how many processes are measured.
var counts = []int{1, 10, 30}

// BenchmarkIdle measures daemons that have nothing to do, each a process.
func BenchmarkIdle(b *testing.B) {
	for name, command := range map[string][]string{
		"worker of one queue":   {"worker", "--queues", "scraping=8"},
		"worker of four queues": {"worker"},
		"scheduler":             {"scheduler"},
	} {
		for _, n := range counts {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				y := newYard(b)
				base := y.usage()
				y.start(n, command[0], command[1:]...)
				y.watch(n, base)
			})
		}
	}
}
