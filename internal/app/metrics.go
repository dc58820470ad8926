package app

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"switchyard/internal/command"
	"switchyard/internal/figures"
)

// exportProcess adds to the metrics what every daemon says of itself.
func (s *System) exportProcess(daemon string) {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "switchyard_build_info", Help: "Always 1: which version of which daemon this is.", ConstLabels: buildLabels(daemon),
	})
	info.Set(1)
	s.Metrics.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// buildLabels tell what the binary knows of how it was built.
func buildLabels(daemon string) prometheus.Labels {
	v := command.ThisVersion()
	return prometheus.Labels{"daemon": daemon, "version": v.Release, "revision": cmp.Or(v.Commit, "unknown"), "goversion": v.Go}
}

// exportDeployment adds the figures of the whole deployment, which monitors and schedulers tell.
func (s *System) exportDeployment() {
	s.Metrics.MustRegister(figures.NewQueues(s.Queue, s.Config.QueueNames()), figures.NewSchedule(s.Schedule), figures.NewBrake(s.Brake), figures.NewConnections(s.Redis))
}

// turns are how many turns a user has in each queue, 0 for any number.
func (s *System) turns() map[string]int {
	perUser := make(map[string]int)
	for name, q := range s.Config.Queues {
		perUser[name] = q.PerUser
		for sibling := range q.Priorities {
			perUser[sibling] = q.PerUser
		}
	}
	return perUser
}
