package examples_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

func load(t *testing.T) config.Config {
	t.Helper()
	c, err := config.Load("switchyard.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheExampleConfigurationIsValid(t *testing.T) {
	if err := app.Check(load(t)); err != nil {
		t.Error(err)
	}
}

// TestTheExampleShowsTheDefaults holds the example to its remarks: whoever reads there
// that a value is the default shall be able to rely on it.
func TestTheExampleShowsTheDefaults(t *testing.T) {
	example, byDefault := load(t), config.Default()
	byDefault.Redis.URL, byDefault.Redis.From = "redis://127.0.0.1:6379/0", example.Redis.From
	byDefault.Fetcher.UserAgent, byDefault.Fetcher.Politeness.Hosts = example.Fetcher.UserAgent, example.Fetcher.Politeness.Hosts
	byDefault.Briefings.URL = example.Briefings.URL
	for section, same := range map[string]bool{
		"redis":     example.Redis == byDefault.Redis,
		"log":       example.Log == byDefault.Log,
		"cache":     example.Cache == byDefault.Cache,
		"tasks":     example.Tasks == byDefault.Tasks,
		"fetcher":   reflect.DeepEqual(example.Fetcher, byDefault.Fetcher),
		"documents": example.Documents == byDefault.Documents,
		"briefings": example.Briefings == byDefault.Briefings,
		"worker":    example.Worker == byDefault.Worker,
		"scheduler": example.Scheduler == byDefault.Scheduler,
		"address":   example.Monitor.Listen == byDefault.Monitor.Listen,
	} {
		if !same {
			t.Errorf("%s: the example says other than the default", section)
		}
	}
	for name, q := range byDefault.Queues {
		if example.Queues[name].Concurrency != q.Concurrency {
			t.Errorf("queue %s: the example has %d slots, by default there are %d", name, example.Queues[name].Concurrency, q.Concurrency)
		}
	}
}

func TestTheExamplesOfAgentsAreValid(t *testing.T) {
	for _, file := range []string{"agents/agents.yaml", "agents/models.yaml"} {
		c, err := config.Load(file, nil, nil)
		if err == nil {
			err = app.Check(c)
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheStepsOfTheMoveFromCeleryAreValid(t *testing.T) {
	steps, err := filepath.Glob("celery/steps/*.yaml")
	if err != nil || len(steps) != 4 {
		t.Fatalf("steps %v, %v", steps, err)
	}
	for _, file := range steps {
		c, err := config.Load(file, nil, nil)
		if err == nil {
			err = app.Check(c)
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
