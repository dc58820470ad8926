package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// envPrefix starts every environment variable that is a setting.
const envPrefix = "SWITCHYARD_"

// FileVariable names the configuration file where no flag does.
const FileVariable = envPrefix + "CONFIG"

// PlatformVariable names Redis where no setting does: hosting platforms set it, and projects with
// Celery have it.
const PlatformVariable = "REDIS_URL"

// clientVariables are what clients of the HTTP API read, the command line among them. They are no
// settings: a shell in which one works also runs daemons.
var clientVariables = []string{envPrefix + "API", envPrefix + "TOKEN"}

// variableOf is the variable of the setting at a path.
func variableOf(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// variables returns an environment, a list of KEY=value, by its keys. The first of a key
// holds, as in os.Getenv.
func variables(environ []string) map[string]string {
	all := make(map[string]string, len(environ))
	for _, one := range environ {
		name, value, given := strings.Cut(one, "=")
		if _, twice := all[name]; given && !twice {
			all[name] = value
		}
	}
	return all
}

// readEnvironment reads the settings that variables give. An empty variable says nothing. One
// that looks like a setting and is none is misspelt: ignored, it would be missed much later.
func (r *reader) readEnvironment(environ map[string]string, c *Config) {
	known := map[string]reflect.Value{FileVariable: {}}
	for _, setting := range scalarsOf("", reflect.ValueOf(c).Elem()) {
		known[variableOf(setting.name)] = setting.value
	}
	for _, name := range slices.Sorted(maps.Keys(environ)) {
		value := environ[name]
		if !strings.HasPrefix(name, envPrefix) || value == "" || isOfService(name, value) || slices.Contains(clientVariables, name) {
			continue
		}
		to, ok := known[name]
		switch {
		case !ok:
			r.errs = append(r.errs, fmt.Errorf("environment: %s is unknown: remove it, or use one of %s", name, strings.Join(likely(name, known), ", ")))
		case to.IsValid() && !setScalar(to, value):
			r.errs = append(r.errs, fmt.Errorf("environment: %s%s: give %s", name, sayable(to, value), wantedOf(to.Type())))
		}
	}
}

// likely returns what a misspelt variable may be: one of the part of the configuration that it
// names, or of any.
func likely(name string, known map[string]reflect.Value) []string {
	part, _, _ := strings.Cut(strings.TrimPrefix(name, envPrefix), "_")
	var same, parts []string
	for _, one := range slices.Sorted(maps.Keys(known)) {
		own, _, more := strings.Cut(strings.TrimPrefix(one, envPrefix), "_")
		if own == part {
			same = append(same, one)
		}
		if more {
			own += "_*"
		}
		parts = append(parts, envPrefix+own)
	}
	if len(same) > 0 {
		return same
	}
	return slices.Compact(parts)
}
