package redbeat

import (
	"errors"
	"fmt"
	"time"
)

// Stored is an entry as RedBeat's Redis has it.
type Stored struct {
	// Name is the key without RedBeat's prefix.
	Name string
	// Definition and Meta are the fields of the hash, JSON as RedBeat writes it. Meta is ""
	// if the entry has none.
	Definition, Meta string
	// Score is the entry's score in RedBeat's sorted set: when RedBeat looks at it next, in
	// seconds since 1970, or negative for never. Scheduled is whether it is there at all.
	Score     float64
	Scheduled bool
	// Err says why the hash could not be read.
	Err error
	// Foreign says what the key holds if it is not an entry, such as RedBeat's lock.
	Foreign string
}

// definition is what an entry is, as far as it can be told without knowing its task.
type definition struct {
	object
	task     string
	schedule object
	enabled  bool
}

// readDefinition reads the definition of an entry.
func (s Stored) readDefinition() (d definition, err error) {
	if d.object, err = decodeObject(s.Definition); err != nil {
		return d, fmt.Errorf("definition %w", err)
	}
	// RedBeat passes what is there to a constructor, which takes no more than these.
	if err := d.only("name", "task", "args", "kwargs", "options", "schedule", "enabled"); err != nil {
		return d, fmt.Errorf("definition: %w", err)
	}
	name, err := d.text("name")
	if err != nil {
		return d, fmt.Errorf("definition: %w", err)
	}
	if name != s.Name {
		return d, fmt.Errorf("definition: name is %s, and not that of its key: save the entry again and remove this one", show(name))
	}
	if d.task, err = d.text("task"); err != nil {
		return d, fmt.Errorf("definition: %w", err)
	}
	if d.enabled, err = d.flag("enabled", true); err != nil {
		return d, fmt.Errorf("definition: %w", err)
	}
	if d.schedule, err = d.members("schedule"); err == nil && d.schedule == nil {
		err = errors.New("schedule is missing: it has to be a crontab, an interval or an rrule")
	}
	if err != nil {
		return d, fmt.Errorf("definition: %w", err)
	}
	return d, nil
}

// earliestRun is the first year in which something may have run.
const earliestRun = 1970

// readLastRun returns the moment from which RedBeat counts: the last run, or when the entry
// was made. It is zero if there is neither, and RedBeat then runs it at once.
func (s Stored) readLastRun(now time.Time) (time.Time, error) {
	if s.Meta == "" {
		return time.Time{}, nil
	}
	meta, err := decodeObject(s.Meta)
	if err != nil {
		return time.Time{}, fmt.Errorf("meta %w", err)
	}
	last, err := meta.members("last_run_at")
	if err != nil || last == nil {
		return time.Time{}, err
	}
	at, err := readTime(last)
	if err != nil {
		return time.Time{}, fmt.Errorf("meta: last_run_at: %w", err)
	}
	if at.Year() < earliestRun || at.After(now.Add(clockSkew)) {
		return time.Time{}, fmt.Errorf("meta: last_run_at is %s: it has to be past: run the entry once in RedBeat, or remove its meta", at.Format(time.RFC3339))
	}
	return at, nil
}

// clockSkew is how far ahead of ours RedBeat's clock may be.
const clockSkew = 5 * time.Minute
