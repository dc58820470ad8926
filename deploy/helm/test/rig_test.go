// Package chart proves the Helm chart: what it renders, what it refuses, and that the daemons start with it.
package chart

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// objects are what a rendering has, by template.
type objects []map[string]any

// load returns the chart.
func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir("../switchyard")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// values reads a file of values.
func values(t *testing.T, path string) map[string]any {
	t.Helper()
	v, err := chartutil.ReadValuesFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// release is how the tests install, into the namespace background.
var release = chartutil.ReleaseOptions{Name: "acme", Namespace: "background", Revision: 1, IsInstall: true}

// render returns what Helm makes of the chart with some values, by template. A nil provider is a
// cluster in which nothing is found.
func render(c *chart.Chart, v map[string]any, cluster engine.ClientProvider) (map[string]string, error) {
	all, err := chartutil.ToRenderValues(c, v, release, capabilities("v1.36.3"))
	if err != nil {
		return nil, err
	}
	if cluster != nil {
		return engine.RenderWithClientProvider(c, all, cluster)
	}
	return engine.Render(c, all)
}

// capabilities are those of a cluster of a version.
func capabilities(version string) *chartutil.Capabilities {
	kube, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		panic(err)
	}
	c := chartutil.DefaultCapabilities.Copy()
	c.KubeVersion = *kube
	return c
}

// text joins the templates of a rendering in the order of their names.
func text(rendered map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if body := strings.TrimSpace(rendered[name]); body != "" {
			b.WriteString("# " + strings.TrimPrefix(name, "switchyard/templates/") + "\n" + strings.TrimPrefix(body, "---\n") + "\n---\n")
		}
	}
	return b.String()
}

// parse returns the objects of a rendering.
func parse(t *testing.T, rendered map[string]string) objects {
	t.Helper()
	var all objects
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		for document := range strings.SplitSeq("\n"+rendered[name], "\n---\n") {
			var o map[string]any
			if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, document)
			}
			if len(o) > 0 {
				all = append(all, o)
			}
		}
	}
	return all
}

// of returns the objects of a kind.
func (all objects) of(kind string) objects {
	return slices.DeleteFunc(slices.Clone(all), func(o map[string]any) bool { return o["kind"] != kind })
}

// at returns what stands at a path of keys, nil if nothing does.
func at(o any, path ...string) any {
	for _, key := range path {
		m, _ := o.(map[string]any)
		o = m[key]
	}
	return o
}

// name returns an object's name.
func name(o map[string]any) string { return at(o, "metadata", "name").(string) }

// goodValues are the files of values that the chart takes.
func goodValues(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/values/*.yaml")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files of values, want 6: %v", len(files), err)
	}
	return files
}

// read reads a file as YAML.
func read(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(raw, into); err != nil {
		t.Fatal(path, err)
	}
}
