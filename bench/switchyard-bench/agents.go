package main

import (
	"fmt"
	"maps"
	"os/exec"

	"switchyard/bench"
	"switchyard/internal/app"
	"switchyard/internal/config"
	"switchyard/internal/routing"
	"switchyard/internal/tasks/agents"
)

// addAgents has the bench send tasks of its own agents. What they do is in the
// configuration of its workers.
func addAgents(c *config.Config) {
	c.Agents = maps.Clone(c.Agents)
	for _, name := range []string{bench.CallAgent, bench.StepsAgent, bench.ModelAgent} {
		c.Agents[name] = agents.Definition{Runtime: "rank"}
	}
}

// newAgents returns what the workloads brake, fair and model need of the system.
func newAgents(s *app.System, start func(program string, args ...string) *exec.Cmd, worker, self string) bench.Agents {
	return bench.Agents{
		Operator: s.Operator(),
		Tasks:    s.Queue,
		Queue:    routing.Agents,
		Worker: func(file string) *exec.Cmd {
			return start(worker, "--config", file, "--queues", routing.Agents, "--listen", "127.0.0.1:0")
		},
		AsynqWorker: func(queue string, slots int) *exec.Cmd {
			return start(self, "asynq-worker", "--queues", queue, "--slots", fmt.Sprint(slots))
		},
	}
}
