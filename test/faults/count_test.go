package faults

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// ticksCounted is a counter of ticks in the text that Prometheus scrapes.
var ticksCounted = regexp.MustCompile(`(?m)^switchyard_schedule_ticks_total\{.*outcome="(\w+)".*\} (\d+)$`)

// countTicks adds what a scheduler says of its ticks to what others said. One that is
// paused says nothing, so the sum is a lower bound.
func (s *schedulers) countTicks(p *process) {
	s.t.Helper()
	if _, ok := s.paused[p]; ok {
		return
	}
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get("http://" + p.address + "/metrics")
	if err != nil {
		s.t.Logf("the ticks of %s are not counted: %v", p.name, err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Logf("the ticks of %s are not counted: %v", p.name, err)
		return
	}
	for _, match := range ticksCounted.FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.Atoi(match[2])
		s.ticks[match[1]] += n
	}
}
