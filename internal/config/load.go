package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/routing"
)

// Load reads the configuration from path, "" for none, and from environ, a list of
// KEY=value. override, if not nil, then applies what flags say. The result is valid. From then
// on package redact knows the secrets in it, also those of a configuration that is not valid.
func Load(path string, environ []string, override func(*Config)) (Config, error) {
	c, variables := Default(), variables(environ)
	defer func() { know(c, variables) }() // for who is told the error
	r := &reader{file: path}
	if path != "" {
		if err := r.readFile(&c); err != nil {
			return c, err
		}
		c.Redis.from(path)
	}
	r.readEnvironment(variables, &c)
	if variables[variableOf("redis.url")] != "" {
		c.Redis.From = variableOf("redis.url")
	}
	if c.Redis.URL == "" {
		c.Redis.URL = variables[PlatformVariable]
		c.Redis.from(PlatformVariable)
	}
	if override != nil {
		override(&c)
	}
	if err := errors.Join(r.errs...); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// from notes who has given the URL, if somebody has.
func (r *Redis) from(who string) {
	if r.URL != "" {
		r.From = who
	}
}

// readFile reads the file. The error is that it cannot be read at all.
func (r *reader) readFile(c *Config) error {
	raw, err := os.ReadFile(r.file)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	documents := yaml.NewDecoder(bytes.NewReader(bytes.TrimRight(raw, " \t\r\n")))
	var document, second yaml.Node
	if err = documents.Decode(&document); err == nil {
		textDates(&document)
		r.read(document.Content[0], "", reflect.ValueOf(c).Elem())
		if err = documents.Decode(&second); err == nil {
			r.note(&second, "a second document begins here: put all settings into one")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) { // a file without a document says nothing
		line, err := syntaxError(err)
		return fmt.Errorf("configuration file %s: line %d: %w", r.file, max(line, 1), err)
	}
	agents := c.Queues[routing.Agents]
	agents.PerUser = cmp.Or(agents.PerUser, agentsPerUser)
	c.Queues[routing.Agents] = agents
	return nil
}

// textDates has what looks like a date be text, as in JSON. Settings that are times are read
// by their type.
func textDates(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		textDates(child)
	}
}
