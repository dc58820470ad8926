package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"
)

// Each file has its sentence in its first line, and then what it does to the least values.
func TestWhatWouldNotWorkIsRefusedWithASentence(t *testing.T) {
	files, err := filepath.Glob("testdata/refused/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, want at least 20: %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(raw), "\n")
			want := strings.TrimPrefix(first, "# ")
			var bad map[string]any
			if err := yaml.UnmarshalStrict(raw, &bad); err != nil {
				t.Fatal(err)
			}
			_, err = render(load(t), without(chartutil.MergeTables(bad, values(t, "testdata/values/minimal.yaml"))), nil)
			if err == nil {
				t.Fatalf("it is rendered, want %q", want)
			}
			if got := sentence(err); got != want {
				t.Errorf("it is refused with\n     %s\nwant %s", got, want)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is told: %s", err)
			}
		})
	}
}

// sentence is what an error says behind the place at which Helm found it.
func sentence(err error) string {
	said := strings.TrimSpace(err.Error())
	if after, ok := strings.CutPrefix(said, "execution error at (switchyard/templates/worker.yaml:1:4): "); ok {
		return after
	}
	if i := strings.LastIndex(said, "\n"); i >= 0 { // of the schema, which lists what it finds
		said = said[i+1:]
	}
	return strings.TrimPrefix(said, "- ")
}

// without leaves out what is null, as Helm does with values that are given.
func without(values map[string]any) map[string]any {
	for key, value := range values {
		switch value := value.(type) {
		case nil:
			delete(values, key)
		case map[string]any:
			without(value)
		}
	}
	return values
}

func TestAKubernetesThatIsTooOldIsRefused(t *testing.T) {
	c := load(t)
	for version, want := range map[string]bool{"v1.29.15": false, "v1.30.0": true, "v1.36.3": true, "v1.33.1-eks-1234": true} {
		if got := chartutil.IsCompatibleRange(c.Metadata.KubeVersion, version); got != want {
			t.Errorf("%s is taken: %v, want %v", version, got, want)
		}
	}
}
