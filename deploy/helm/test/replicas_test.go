package chart

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// running is a cluster in which Deployments run.
type running struct{ client dynamic.Interface }

// GetClientFor implements engine.ClientProvider.
func (r running) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	group, err := schema.ParseGroupVersion(apiVersion)
	return r.client.Resource(group.WithResource(map[string]string{"Deployment": "deployments"}[kind])), true, err
}

func deployment(name string, replicas int64) runtime.Object {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": name, "namespace": release.Namespace},
		"spec":     map[string]any{"replicas": replicas},
	}}
}

// Without this, the upgrade that switches KEDA on takes the line away, and seven pods become one.
func TestWhatRunsStaysWhenKedaScales(t *testing.T) {
	cluster := running{fake.NewSimpleDynamicClient(runtime.NewScheme(),
		deployment("acme-switchyard-worker-agents", 7),
		deployment("acme-switchyard-worker-rest", 0),
		deployment("acme-switchyard-worker-fixed", 7),
	)}
	for file, want := range map[string]map[string]any{
		"keda-monitor": {"agents": float64(7), "rest": float64(0), "fixed": float64(1)}, // none is none
		"everything":   {"agents": nil, "rest": nil},                                    // of another name: nothing runs yet
	} {
		rendered, err := render(load(t), values(t, "testdata/values/"+file+".yaml"), cluster)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		for _, o := range parse(t, rendered).of("Deployment") {
			if pool := at(o, "metadata", "labels", "pool"); pool != nil {
				got[pool.(string)] = at(o, "spec", "replicas")
			}
		}
		for pool, replicas := range want {
			if got[pool] != replicas {
				t.Errorf("%s: the pool %s is set to %v, want %v", file, pool, got[pool], replicas)
			}
		}
	}
}
