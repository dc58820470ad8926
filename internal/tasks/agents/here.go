package agents

import (
	"errors"

	"switchyard/internal/program"
)

// CheckHere reports what an agent needs that this process does not have, and would miss with
// its first run: its program, the directory of that, its bounds, a secret to sign with. getenv
// returns the value of a variable. A variable that is not set is for others to report.
func (d Definition) CheckHere(getenv func(string) string) error {
	var errs []error
	if len(d.Command) > 0 {
		errs = append(errs, program.CheckFile(d.Command[0], d.Dir), d.Bounds.CheckHere())
	}
	if secret := getenv(d.SecretEnv); d.Runtime == "http" && secret != "" {
		_, err := newSigner(d.SecretEnv, secret)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// CheckHere reports what the server needs that this process does not have, as for an agent.
func (s Server) CheckHere() error {
	if len(s.Command) == 0 {
		return nil
	}
	return errors.Join(program.CheckFile(s.Command[0], s.Dir), s.Bounds.CheckHere())
}
