package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"switchyard/internal/redact"
)

// CheckHere reports what a configuration names that this process does not have: variables of its
// environment, a list of KEY=value, and files that it may read. [Config.Validate] holds for every
// machine.
func (c Config) CheckHere(environ []string) error {
	var errs []error
	set := variables(environ)
	for _, n := range c.variablesOf() {
		// A program may go without one that it lists, but hardly without a secret.
		if strings.TrimSpace(set[n.value]) == "" && (!n.list || redact.IsSecretName(n.value)) {
			errs = append(errs, fmt.Errorf("%s: the variable %s is not set: set it where the workers run", n.path, n.value))
		}
	}
	for _, n := range c.filesOf() {
		if err := checkFile(n.value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", n.path, err))
		}
	}
	if c.Redis.URL != "" && len(errs) == 0 {
		errs = append(errs, c.RedisOptions().Check())
	}
	return errors.Join(errs...)
}

// checkFile reports why a file has nothing to be read.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: create it where the workers run, for their user to read", err)
	}
	defer func() { _ = f.Close() }()
	_, err = f.Read(make([]byte, 1))
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s is empty: put into it what it is for", path)
	case err != nil:
		return fmt.Errorf("%w: name a file", err)
	}
	return nil
}
