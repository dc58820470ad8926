package chart

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// deliberate are the findings of kube-score that stay.
var deliberate = []struct {
	check, why string
	everywhere bool // also where everything is switched on
}{
	{"container-image-pull-policy", "IfNotPresent: a version or a digest is the same image on each node", false},
	{"container-resources", "no CPU limit: it would slow down a worker that the node has room for", true},
	{"deployment-has-host-podantiaffinity", "pods are spread by topologySpreadConstraints instead", true},
	{"deployment-replicas", "one monitor suffices: it keeps no state", false},
	{"pod-networkpolicy", "networkPolicy is to be switched on, for it needs to know where Redis is", false},
}

func TestKubeScoreFindsNothingButWhatIsDeliberate(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "kube-score")
	build := exec.Command("go", "build", "-C", "score", "-o", tool, "github.com/zegl/kube-score/cmd/kube-score")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("kube-score is not built: %v\n%s", err, out)
	}
	for _, path := range goodValues(t) {
		rendering := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(rendering, func(t *testing.T) {
			rendered, err := render(load(t), values(t, path), nil)
			if err != nil {
				t.Fatal(err)
			}
			maps.DeleteFunc(rendered, func(name, _ string) bool { return filepath.Ext(name) != ".yaml" })
			var want []string
			for _, d := range deliberate {
				if d.everywhere || rendering != "everything" {
					want = append(want, d.check)
				}
			}
			if got := findings(t, tool, text(rendered)); !slices.Equal(got, want) {
				t.Errorf("it finds %q, want %q", got, want)
			}
		})
	}
}

// findings returns the checks that find something in manifests.
func findings(t *testing.T, tool, manifests string) []string {
	t.Helper()
	score := exec.Command(tool, "score", "--kubernetes-version", "v1.36", "--output-format", "json", "-")
	score.Stdin = strings.NewReader(manifests)
	var said bytes.Buffer
	score.Stderr = &said
	out, _ := score.Output() // it exits with 1 if it finds anything
	var scored []struct {
		Checks []struct {
			Check struct {
				ID string `json:"id"`
			} `json:"check"`
			Grade   int  `json:"grade"`
			Skipped bool `json:"skipped"`
		} `json:"checks"`
	}
	if err := json.Unmarshal(out, &scored); err != nil || len(scored) == 0 {
		t.Fatalf("%v: %s", err, said.String())
	}
	const good = 10
	found := map[string]bool{}
	for _, object := range scored {
		for _, check := range object.Checks {
			if !check.Skipped && check.Grade < good {
				found[check.Check.ID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
