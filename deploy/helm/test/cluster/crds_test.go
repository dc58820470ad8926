package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// custom are the definitions of the objects of others that the chart has, in the modules that have them.
var custom = map[string]string{
	"github.com/kedacore/keda/v2@v2.21.0":                        "config/crd/bases/*.yaml",
	"github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd/*_podmonitors.yaml",
}

// define teaches the server the objects of KEDA and of the Prometheus operator.
func (s *server) define(t *testing.T) {
	t.Helper()
	for module, pattern := range custom {
		download := exec.Command("go", "mod", "download", "-json", module)
		download.Dir = t.TempDir()
		out, err := download.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", module, err, out)
		}
		var where struct{ Dir string }
		if err := yaml.Unmarshal(out, &where); err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(where.Dir, pattern))
		if len(files) == 0 {
			t.Fatalf("%s has no %s", module, pattern)
		}
		for _, file := range files {
			s.apply(t, file)
		}
	}
	until(t, "the definitions hold", func() bool {
		all, err := s.client.Resource(definitions).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return false
		}
		for _, one := range all.Items {
			conditions, _, _ := unstructured.NestedSlice(one.Object, "status", "conditions")
			raw, _ := yaml.Marshal(conditions)
			if !strings.Contains(string(raw), "status: \"True\"\n  type: Established") {
				return false
			}
		}
		return true
	})
}

func (s *server) apply(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var definition map[string]any
	if err := yaml.Unmarshal(raw, &definition); err != nil {
		t.Fatal(file, err)
	}
	if _, err := s.client.Resource(definitions).Create(t.Context(), &unstructured.Unstructured{Object: definition}, metav1.CreateOptions{}); err != nil {
		t.Fatal(file, err)
	}
}
