package chart

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// each has a test look at every good rendering.
func each(t *testing.T, look func(t *testing.T, all objects)) {
	t.Helper()
	for _, path := range goodValues(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			rendered, err := render(load(t), values(t, path), nil)
			if err != nil {
				t.Fatal(err)
			}
			look(t, parse(t, rendered))
		})
	}
}

func TestAWorkerHasItsDrainAndAQuarterOfAMinuteMore(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, c := range all.containers(t) {
			if c.component != "worker" {
				continue
			}
			drain, err := time.ParseDuration(c.env["SWITCHYARD_WORKER_DRAIN"])
			grace, _ := c.pod["terminationGracePeriodSeconds"].(float64)
			if err != nil || time.Duration(grace)*time.Second != drain+15*time.Second {
				t.Errorf("%s drains for %s and is killed after %v s, want 15 s more: %v", c, drain, grace, err)
			}
		}
	})
}

func TestOnlyTheMonitorWaitsBeforeItStops(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, c := range all.containers(t) {
			if waits := c.spec["lifecycle"] != nil; waits != (c.component == "monitor") {
				t.Errorf("%s waits: %v", c, waits)
			}
		}
	})
}

// An outage of Redis fails /readyz. It must not restart the fleet.
func TestLivenessAsksForASignOfLifeAlone(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, c := range all.containers(t) {
			if c.component == "upgrade-check" {
				continue
			}
			for probe, path := range map[string]string{"livenessProbe": "/healthz", "readinessProbe": "/readyz"} {
				if got := at(c.spec, probe, "httpGet", "path"); got != path {
					t.Errorf("the %s of %s asks for %v, want %s", probe, c, got, path)
				}
			}
			if got := at(c.spec, "livenessProbe", "failureThreshold"); got != float64(6) {
				t.Errorf("%s is restarted after %v failures, want 6", c, got)
			}
			if c.spec["startupProbe"] != nil {
				t.Errorf("%s has a startup probe", c)
			}
		}
	})
}

// A rule without peers, or with an empty one, is a rule for everybody.
func TestNoRuleOfTheNetworkIsForEverybody(t *testing.T) {
	each(t, func(t *testing.T, all objects) {
		for _, policy := range all.of("NetworkPolicy") {
			for direction, peers := range map[string]string{"ingress": "from", "egress": "to"} {
				rules, _ := at(policy, "spec", direction).([]any)
				for i, rule := range rules {
					if list, _ := at(rule, peers).([]any); len(list) == 0 {
						t.Errorf("%s: %s rule %d is for everybody", name(policy), direction, i)
					}
					if list, _ := at(rule, "ports").([]any); len(list) == 0 {
						t.Errorf("%s: %s rule %d is for every port", name(policy), direction, i)
					}
				}
			}
		}
	})
}

func TestNoSecretIsRendered(t *testing.T) {
	var held secrets
	read(t, "testdata/secrets.yaml", &held)
	each(t, func(t *testing.T, all objects) {
		raw, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		for secret, keys := range held {
			for key, value := range keys {
				if key != "username" && strings.Contains(string(raw), value) {
					t.Errorf("the key %s of the secret %s is rendered", key, secret)
				}
			}
		}
		if len(all.of("Secret"))+len(all.of("Role"))+len(all.of("RoleBinding"))+len(all.of("ClusterRole")) != 0 {
			t.Error("it has secrets or rights in the cluster, want none")
		}
	})
}
