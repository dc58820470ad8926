package chart

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// container is one of a rendering, with what Kubernetes would give it.
type container struct {
	object    string // the name of its Deployment or Job
	component string // worker, scheduler, monitor or upgrade-check
	command   []string
	env       map[string]string
	file      string // what is mounted as its configuration
	pod       map[string]any
	spec      map[string]any // of the container itself
}

// secrets are what the tests say the named secrets hold.
type secrets map[string]map[string]string

// containers returns those of a rendering.
func (all objects) containers(t *testing.T) []container {
	t.Helper()
	var held secrets
	read(t, "testdata/secrets.yaml", &held)
	var found []container
	for _, o := range slices.Concat(all.of("Deployment"), all.of("Job")) {
		pod := at(o, "spec", "template", "spec").(map[string]any)
		list := pod["containers"].([]any)
		if len(list) != 1 || pod["initContainers"] != nil {
			t.Fatalf("%s has %d containers, want one alone", name(o), len(list))
		}
		spec := list[0].(map[string]any)
		found = append(found, container{
			object:    name(o),
			component: at(o, "spec", "template", "metadata", "labels", "app.kubernetes.io/component").(string),
			command:   append(words(spec["command"]), words(spec["args"])...),
			env:       held.environment(t, spec),
			file:      all.file(t, held, pod),
			pod:       pod,
			spec:      spec,
		})
	}
	return found
}

func words(list any) []string {
	var all []string
	items, _ := list.([]any)
	for _, one := range items {
		all = append(all, one.(string))
	}
	return all
}

// environment returns the variables of a container. Those of env win over those of envFrom.
func (held secrets) environment(t *testing.T, spec map[string]any) map[string]string {
	t.Helper()
	env := map[string]string{}
	from, _ := spec["envFrom"].([]any)
	for _, one := range from {
		maps.Copy(env, held[at(one, "secretRef", "name").(string)])
	}
	for _, one := range spec["env"].([]any) {
		variable := at(one, "name").(string)
		if ref := at(one, "valueFrom", "secretKeyRef"); ref != nil {
			secret, key := at(ref, "name").(string), at(ref, "key").(string)
			value, ok := held[secret][key]
			if !ok {
				t.Fatalf("%s is taken from the key %s of the secret %s, which the tests do not have", variable, key, secret)
			}
			env[variable] = value
			continue
		}
		env[variable] = at(one, "value").(string)
	}
	return env
}

// file returns what a pod has as switchyard.yaml.
func (all objects) file(t *testing.T, held secrets, pod map[string]any) string {
	t.Helper()
	for _, volume := range pod["volumes"].([]any) {
		if at(volume, "name") != "config" {
			continue
		}
		if secret := at(volume, "secret", "secretName"); secret != nil {
			return held[secret.(string)]["switchyard.yaml"]
		}
		for _, m := range all.of("ConfigMap") {
			if name(m) == at(volume, "configMap", "name") {
				return at(m, "data", "switchyard.yaml").(string)
			}
		}
	}
	t.Fatal("a pod has no configuration")
	return ""
}

// String names a container in messages.
func (c container) String() string { return fmt.Sprintf("%s (%s)", c.object, c.component) }
