package cluster

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// The chart has KEDA ask every 15 s, and wait for 5 minutes until it goes to none. No test has time for that.
const (
	quick   = `{"spec": {"pollingInterval": 1, "cooldownPeriod": 3}}`
	onceDue = `{"spec": {"cooldownPeriod": 3}}`
)

// scaling is a release whose pool a real KEDA scales between none and one.
type scaling struct {
	*fleet
	service *service
	redis   string
	cli     string
	file    string // the configuration
}

// scaled installs a release, and starts its scheduler, its monitor and KEDA with the
// given pace.
func scaled(t *testing.T, pace string) *scaling {
	t.Helper()
	s := start(t)
	s.define(t)
	x := &scaling{service: newService(t), redis: startRedis(t), cli: built(t, "COMMANDS_BUILT_IN", "switchyard")}
	if err := s.install(t, zero(t, x.service.URL)); err != nil {
		t.Fatal(err)
	}
	reader := map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "switchyard-reader"},
		"stringData": map[string]any{"username": "ada", "password": "a long password"}}
	if _, err := s.client.Resource(secrets).Namespace(namespace).Create(t.Context(), &unstructured.Unstructured{Object: reader}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Resource(scaledObjects).Namespace(namespace).Patch(t.Context(), release+"-switchyard-worker-agents", types.MergePatchType, []byte(pace), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	s.scale(t, "agents", 0)
	x.file = s.file(t)
	var monitor string
	for _, component := range []string{"scheduler", "monitor"} {
		cmd, listens := s.daemon(t, component, x.redis)
		run(t, cmd)
		ready(t, listens)
		monitor = listens
	}
	x.fleet = s.play(t, "agents", x.redis)
	s.operate(t, monitor)
	return x
}

// zero are values whose pool may go to zero, with an agent that calls the test.
func zero(t *testing.T, url string) map[string]any {
	t.Helper()
	v := values(t, "minimal")
	config := v["config"].(map[string]any)
	config["agents"] = map[string]any{"probe": map[string]any{"runtime": "http", "url": url, "timeout": "5m"}}
	config["policies"] = map[string]any{"agent_probe": map[string]any{"retry_delay": "25s"}}
	config["queues"] = map[string]any{"agents": map[string]any{"per_user": 1}}
	v["worker"] = map[string]any{"pools": map[string]any{"agents": map[string]any{"queues": map[string]any{"agents": 4}, "min": 0, "max": 1}}}
	v["monitor"] = map[string]any{"reader": map[string]any{"existingSecret": "switchyard-reader"}}
	v["keda"] = map[string]any{"enabled": true}
	return v
}

// send sends a task of the agent.
func (x *scaling) send(t *testing.T, flags ...string) {
	t.Helper()
	args := append([]string{"enqueue", "agent_probe", `{"user": "ada"}`, "--config", x.file, "--redis", "redis://" + x.redis + "/0"}, flags...)
	cmd := exec.Command(x.cli, args...)
	cmd.Env = []string{}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// goes waits until the pool has n pods, and fails the test if it goes to none while an attempt runs.
func (x *scaling) goes(t *testing.T, n int) {
	t.Helper()
	select {
	case got := <-x.changed:
		if got != n {
			t.Fatalf("the pool goes to %d, want %d", got, n)
		}
		if running := x.service.attempts(); got == 0 && running != 0 {
			t.Fatalf("the pool goes to none under %d attempts", running)
		}
	case <-time.After(patience):
		t.Fatalf("the pool has not gone to %d in %s", n, patience)
	}
}

// begins waits for an attempt.
func (x *scaling) begins(t *testing.T, which string) answer {
	t.Helper()
	select {
	case a := <-x.service.begun:
		return a
	case <-time.After(patience):
		t.Fatalf("%s has not begun in %s", which, patience)
		return nil
	}
}

func TestKedaStartsAWorkerForWhateverNeedsOneAndStopsItUnderNoTask(t *testing.T) {
	x := scaled(t, quick)
	stays := func(t *testing.T, n int, why string) {
		t.Helper()
		select {
		case got := <-x.changed:
			t.Fatalf("the pool goes to %d, want it to stay at %d: %s", got, n, why)
		case <-time.After(6 * time.Second): // twice what KEDA waits for here
		}
	}
	t.Run("a delayed task", func(t *testing.T) {
		x.send(t, "--in", "25s")
		stays(t, 0, "the task is not due")
		x.goes(t, 1)
		running := x.begins(t, "the task")
		stays(t, 1, "the task runs")
		running <- 204
		x.goes(t, 0)
	})
	t.Run("a task that is retried", func(t *testing.T) {
		x.send(t)
		x.goes(t, 1)
		x.begins(t, "the first attempt") <- 503
		x.goes(t, 0)
		x.goes(t, 1)
		x.begins(t, "the second attempt") <- 204
		x.goes(t, 0)
	})
	t.Run("held tasks", func(t *testing.T) {
		const tasks = 3
		for range tasks {
			x.send(t)
		}
		x.goes(t, 1)
		for i := range tasks {
			running := x.begins(t, fmt.Sprintf("task %d", i+1))
			if n := x.service.attempts(); n != 1 {
				t.Errorf("%d attempts run, want one at a time", n)
			}
			running <- 204
		}
		x.goes(t, 0)
	})
	t.Run("a lost task", func(t *testing.T) {
		x.send(t)
		x.goes(t, 1)
		x.begins(t, "the first attempt")
		x.lose()
		stays(t, 1, "the task of the lost worker is still to be done")
		x.replace(t)
		x.begins(t, "the second attempt") <- 204
		x.goes(t, 0)
	})
}
