package routing

import (
	"cmp"
	"fmt"
	"time"

	"switchyard/internal/tasks"
)

// Patch changes some fields of a policy; those left nil stay as they are.
type Patch struct {
	Retries    *int           `yaml:"retries,omitempty"`
	RetryDelay *time.Duration `yaml:"retry_delay,omitempty"`
	Losses     *int           `yaml:"losses,omitempty"`
	SoftLimit  *time.Duration `yaml:"soft_limit,omitempty"`
	HardLimit  *time.Duration `yaml:"hard_limit,omitempty"`
	Retention  *time.Duration `yaml:"retention,omitempty"`
	Unique     *time.Duration `yaml:"unique,omitempty"`
}

func (p Patch) apply(to tasks.Policy) tasks.Policy {
	set(&to.Retries, p.Retries)
	set(&to.RetryDelay, p.RetryDelay)
	set(&to.Losses, p.Losses)
	set(&to.SoftLimit, p.SoftLimit)
	set(&to.HardLimit, p.HardLimit)
	set(&to.Retention, p.Retention)
	set(&to.Unique, p.Unique)
	return to
}

// Over returns p where it says something and base elsewhere.
func (p Patch) Over(base Patch) Patch {
	return Patch{
		Retries:    cmp.Or(p.Retries, base.Retries),
		RetryDelay: cmp.Or(p.RetryDelay, base.RetryDelay),
		Losses:     cmp.Or(p.Losses, base.Losses),
		SoftLimit:  cmp.Or(p.SoftLimit, base.SoftLimit),
		HardLimit:  cmp.Or(p.HardLimit, base.HardLimit),
		Retention:  cmp.Or(p.Retention, base.Retention),
		Unique:     cmp.Or(p.Unique, base.Unique),
	}
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// maxRetries keeps a typing error from retrying a task for years.
const maxRetries = 100

func check(p tasks.Policy) error {
	for _, d := range []struct {
		name string
		is   time.Duration
	}{{"retry_delay", p.RetryDelay}, {"soft_limit", p.SoftLimit}, {"hard_limit", p.HardLimit}, {"retention", p.Retention}, {"unique", p.Unique}} {
		if d.is < 0 {
			return fmt.Errorf("%s is %s: use 0s or more", d.name, d.is)
		}
	}
	switch {
	case p.Retries < 0 || p.Retries > maxRetries:
		return fmt.Errorf("retries is %d: use 0 to %d", p.Retries, maxRetries)
	case p.Losses < 0 || p.Losses > maxRetries:
		return fmt.Errorf("losses is %d: use 0 to %d", p.Losses, maxRetries)
	case p.RetryDelay > tasks.MaxRetryDelay:
		return fmt.Errorf("retry_delay is %s: use at most %s", p.RetryDelay, tasks.MaxRetryDelay)
	case p.HardLimit > 0 && p.SoftLimit > p.HardLimit:
		return fmt.Errorf("soft_limit %s is longer than hard_limit %s: make it shorter", p.SoftLimit, p.HardLimit)
	case p.Unique > 0 && p.Unique < time.Second:
		return fmt.Errorf("unique is %s: use 1s or more", p.Unique)
	}
	return nil
}
