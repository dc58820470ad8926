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

// deliberate are the findings of kube-score that stay, with the reason.
var deliberate = map[string]string{
	"container-resources":                 "no CPU limit: it would slow down a worker that the node has room for",
	"container-image-pull-policy":         "IfNotPresent: a version or a digest is the same image everywhere",
	"deployment-has-host-podantiaffinity": "pods are spread by topologySpreadConstraints instead",
	"pod-networkpolicy":                   "networkPolicy is to be switched on, for it needs to know where Redis is",
	"deployment-replicas":                 "one monitor suffices: it keeps no state",
}

// always are the deliberate findings of every rendering.
var always = []string{"container-resources", "deployment-has-host-podantiaffinity"}

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
			want := slices.Clone(always)
			if rendering != "everything" { // which pulls always, has two monitors and policies
				want = append(want, "container-image-pull-policy", "pod-networkpolicy", "deployment-replicas")
			}
			slices.Sort(want)
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
