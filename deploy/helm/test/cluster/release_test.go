package cluster

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The server knows every field of every object, and Helm has it refuse those that it does not.
func TestTheServerTakesEachRendering(t *testing.T) {
	s := start(t)
	s.define(t)
	for _, name := range []string{"minimal", "keda-monitor", "keda-prometheus", "blue-green", "sentinel", "everything"} {
		t.Run(name, func(t *testing.T) {
			if err := s.install(t, values(t, name)); err != nil {
				t.Fatal(err)
			}
			s.uninstall(t)
		})
	}
}

func TestAReleaseIsUpgradedScaledRolledBackAndTakenAway(t *testing.T) {
	s := start(t)
	s.define(t)
	fixed := values(t, "minimal")
	pool := fixed["worker"].(map[string]any)["pools"].(map[string]any)["all"].(map[string]any)
	pool["replicas"] = 7
	if err := s.install(t, fixed); err != nil {
		t.Fatal(err)
	}
	s.wants(t, "all", 7, "after the installation")

	// KEDA is switched on while seven run.
	scaled := values(t, "minimal")
	pool = scaled["worker"].(map[string]any)["pools"].(map[string]any)["all"].(map[string]any)
	delete(pool, "replicas")
	pool["min"], pool["max"] = 0, 20
	scaled["keda"] = map[string]any{"enabled": true}
	scaled["monitor"] = map[string]any{"reader": map[string]any{"existingSecret": "switchyard-reader"}}
	stop := s.playJobs(t, true)
	if err := s.upgrade(t, scaled); err != nil {
		t.Fatal(err)
	}
	s.wants(t, "all", 7, "after KEDA was switched on")

	// KEDA sets it to three, then to none, and the release is upgraded each time.
	for _, n := range []int64{3, 0} {
		s.scale(t, "all", n)
		scaled["config"].(map[string]any)["log"] = map[string]any{"level": []string{"info", "", "", "warn"}[n]}
		before := s.checksum(t)
		if err := s.upgrade(t, scaled); err != nil {
			t.Fatal(err)
		}
		s.wants(t, "all", n, "after an upgrade under KEDA")
		if s.checksum(t) == before {
			t.Error("another configuration rolls nothing")
		}
	}
	if n := stop(); n != 3 {
		t.Errorf("%d jobs have asked Redis, want one before each of 3 upgrades", n)
	}

	// A release that may not work on what is in Redis changes nothing.
	stop = s.playJobs(t, false)
	before := s.checksum(t)
	scaled["config"].(map[string]any)["log"] = map[string]any{"level": "debug"}
	if err := s.upgrade(t, scaled); err == nil || !strings.Contains(err.Error(), "pre-upgrade hooks failed") {
		t.Errorf("the upgrade ends with %v, want the failure of the hook", err)
	}
	stop()
	if s.checksum(t) != before {
		t.Error("the pods are rolled although the check failed")
	}

	back := action.NewRollback(s.helm(t))
	back.Version = 1
	if err := back.Run(release); err != nil {
		t.Fatal(err)
	}
	s.wants(t, "all", 7, "after going back to the first revision")
	if s.get(t, scaledObjects, release+"-switchyard-worker-all") != nil {
		t.Error("the ScaledObject is still there after going back")
	}
	s.uninstall(t)
	s.wants(t, "all", -1, "after it was taken away")
}

// wants fails the test if another number of pods is wanted.
func (s *server) wants(t *testing.T, pool string, n int64, when string) {
	t.Helper()
	if got := s.replicas(t, pool); got != n {
		t.Fatalf("%s the pool %s has %d replicas, want %d", when, pool, got, n)
	}
}

// scale does what KEDA and the HPA do.
func (s *server) scale(t *testing.T, pool string, n int64) {
	t.Helper()
	name := release + "-switchyard-worker-" + pool
	o, err := s.client.Resource(deployments).Namespace(namespace).Get(t.Context(), name, metav1.GetOptions{}, "scale")
	if err == nil {
		_ = unstructured.SetNestedField(o.Object, n, "spec", "replicas")
		_, err = s.client.Resource(deployments).Namespace(namespace).Update(t.Context(), o, metav1.UpdateOptions{}, "scale")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checksum returns what the pods of the scheduler know of the configuration.
func (s *server) checksum(t *testing.T) string {
	t.Helper()
	o := s.get(t, deployments, release+"-switchyard-scheduler")
	sum, _, _ := unstructured.NestedString(o.Object, "spec", "template", "metadata", "annotations", "checksum/config")
	return sum
}
