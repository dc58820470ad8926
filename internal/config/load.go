package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"
)

// envPrefix starts every environment variable read here.
const envPrefix = "SWITCHYARD_"

// FileVariable names the configuration file where no flag does.
const FileVariable = envPrefix + "CONFIG"

// Load reads the configuration from path, "" for none, and from environ, a list of
// KEY=value. override, if not nil, then applies what flags say. The result is valid. From then
// on package redact knows the secrets in it, also those of a configuration that is not valid.
func Load(path string, environ []string, override func(*Config)) (Config, error) {
	c, variables := Default(), env.ToMap(environ)
	defer func() { know(c, variables) }() // for who is told the error
	if path != "" {
		if err := readFile(path, &c); err != nil {
			return c, err
		}
	}
	if err := readEnvironment(environ, &c); err != nil {
		return c, err
	}
	if override != nil {
		override(&c)
	}
	return c, c.Validate()
}

func readFile(path string, c *Config) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict())
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		var read map[string]any
		_ = yaml.Unmarshal(raw, &read) // as far as it can be
		know(read, nil)
		return fmt.Errorf("configuration file %s: %w", path, inFile(err))
	}
	c.addDefaults()
	return nil
}

// addDefaults puts back the default queues and agents the file does not mention, and what
// it leaves open: its maps replace those of the defaults.
func (c *Config) addDefaults() {
	d := Default()
	for name, q := range c.Queues {
		q.PerUser = cmp.Or(q.PerUser, d.Queues[name].PerUser)
		d.Queues[name] = q
	}
	maps.Copy(d.Agents, c.Agents)
	c.Queues, c.Agents = d.Queues, d.Agents
}

func readEnvironment(environ []string, c *Config) error {
	options := env.Options{Prefix: envPrefix, Environment: env.ToMap(environ)}
	if err := checkVariables(options.Environment, c); err != nil {
		return err
	}
	if env.ParseWithOptions(c, options) == nil {
		return nil
	}
	return fmt.Errorf("environment: %w", inEnvironment(environ))
}

// checkVariables refuses variables that look like ours and are not: a misspelt one
// would otherwise be ignored without a word.
func checkVariables(environ map[string]string, c *Config) error {
	params, err := env.GetFieldParamsWithOptions(c, env.Options{Prefix: envPrefix})
	if err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	known := []string{FileVariable}
	for _, p := range params {
		if p.OwnKey != "" {
			known = append(known, p.Key)
		}
	}
	slices.Sort(known)
	for name := range environ {
		if strings.HasPrefix(name, envPrefix) && !slices.Contains(known, name) {
			return fmt.Errorf("environment: %s is unknown: remove it or use one of %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}
