package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
)

// Origins of entries. Who made an entry is who may change it: the configuration does not
// take over an entry made through the API, nor the other way round.
const (
	OriginConfig = "config" // from the configuration file; follows it at each start
	OriginAPI    = "api"    // added by hand or through the API
	OriginUser   = "user"   // made from a user's preferences
)

// MaxPayload bounds an entry's payload in bytes. Every tick reads it.
const MaxPayload = 64 << 10

// maxName bounds the names in an entry that become part of keys and logs, in bytes.
const maxName = 128

// Entry is one line of the schedule: a task, and when it is due.
type Entry struct {
	// ID is up to 128 letters, digits and any of _.:@+- and starts with a letter or digit.
	ID string `json:"id"`
	// Spec says when, as [calendar.ParseSpec] reads it, in the IANA time zone Zone; "" is UTC.
	Spec string `json:"spec"`
	Zone string `json:"zone,omitempty"`
	// Kind and Payload are the task's. An empty payload is an empty object.
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload,omitempty"`
	// Queue takes the task instead of the one its kind is routed to.
	Queue string `json:"queue,omitempty"`
	// CatchUp says what becomes of ticks missed while no scheduler ran; "" is [Latest].
	CatchUp CatchUp `json:"catch_up,omitempty"`
	// CatchUpLimit bounds the ticks that [All] makes up for. 0: [DefaultCatchUpLimit].
	CatchUpLimit int `json:"catch_up_limit,omitempty"`
	// FreshFor is how late a tick may be and still be worth its task, in nanoseconds
	// as JSON. 0: forever.
	FreshFor time.Duration `json:"fresh_for,omitempty"`
	// Start and End bound the ticks: none before Start, none at or after End. Zero: unbounded.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// MaxRuns ends the entry once so many of its ticks were enqueued. 0: never.
	MaxRuns int64 `json:"max_runs,omitempty"`
	// Spread moves each tick by the same part of itself, later or, if negative, earlier.
	// The entry's ID decides by how much, so that entries due together are enqueued
	// apart, each at the same time every day. In nanoseconds as JSON.
	Spread time.Duration `json:"spread,omitempty"`
	// Overlap says what becomes of a tick while the task of the one before still waits
	// or runs; "" is [Allow].
	Overlap Overlap `json:"overlap,omitempty"`
	// Owner is the ID of the user the task acts for, if it acts for one. While that
	// user's brake is on, the entry's ticks are held back.
	Owner string `json:"owner,omitempty"`
	// Preferences are what the owner asked for, where the entry was made from that: a
	// JSON object kept with the entry, so that both change as one. Tasks do not get it.
	Preferences json.RawMessage `json:"preferences,omitempty"`
	// Origin says who made the entry, one of the Origin constants.
	Origin string `json:"origin"`
	// Paused is whether the entry starts out paused. [Store.Pause] and [Store.Resume]
	// do not change it; see [Books].
	Paused bool `json:"paused,omitempty"`
}

var (
	idPattern    = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.:@+-]*$`)
	queuePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
)

// CheckID reports why id cannot name an entry.
func CheckID(id string) error {
	if id == "" {
		return errors.New("entry id is empty: give a name such as nightly-report")
	}
	if len(id) > maxName {
		return fmt.Errorf("entry id %.20q… has %d bytes: at most %d are allowed", id, len(id), maxName)
	}
	if !idPattern.MatchString(id) {
		return fmt.Errorf("entry id %q: use letters, digits and _.:@+- and start with a letter or digit", id)
	}
	return nil
}

// Validate reports the first thing wrong with e, by field, value and remedy. Whether the
// kind has a handler and the payload suits it is for the enqueuer to say.
func (e Entry) Validate() error {
	if err := CheckID(e.ID); err != nil {
		return err
	}
	if err := e.check(); err != nil {
		return fmt.Errorf("entry %s: %w", e.ID, err)
	}
	return nil
}

func (e Entry) check() error {
	if _, err := e.parse(); err != nil {
		return err
	}
	if err := tasks.CheckKind(e.Kind); err != nil {
		return err
	}
	if err := checkObject("payload", e.Payload); err != nil {
		return err
	}
	if err := checkObject("preferences", e.Preferences); err != nil {
		return err
	}
	if e.Queue != "" && (len(e.Queue) > maxName || !queuePattern.MatchString(e.Queue)) {
		return fmt.Errorf("queue %.40q: use the name of a queue, or leave it out to have the kind routed", e.Queue)
	}
	if err := e.checkCatchUp(); err != nil {
		return err
	}
	if err := e.checkCourse(); err != nil {
		return err
	}
	if len(e.Owner) > maxName || !printable(e.Owner) {
		return fmt.Errorf("owner %.40q: give a user id of at most %d bytes without control characters", e.Owner, maxName)
	}
	switch e.Origin {
	case OriginConfig, OriginAPI, OriginUser:
		return nil
	}
	return fmt.Errorf("origin %.40q: use %s, %s or %s", e.Origin, OriginConfig, OriginAPI, OriginUser)
}

// checkObject reports why a field's value is not a JSON object of a bearable size.
func checkObject(field string, value []byte) error {
	if len(value) > MaxPayload {
		return fmt.Errorf("%s has %d bytes, at most %d are allowed: store the data and schedule a reference to it", field, len(value), MaxPayload)
	}
	trimmed := bytes.TrimSpace(value)
	if len(trimmed) == 0 {
		return nil
	}
	if !json.Valid(trimmed) || trimmed[0] != '{' {
		return fmt.Errorf("%s %.40q is not a JSON object: write one such as {\"user\":\"u1\"}", field, trimmed)
	}
	return nil
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// parse reads the spec in the entry's zone, between its start and its end.
func (e Entry) parse() (calendar.Spec, error) {
	zone, err := calendar.LoadZone(e.Zone)
	if err != nil {
		return nil, err
	}
	spec, err := calendar.ParseSpec(e.Spec, zone)
	if err != nil {
		return nil, err
	}
	return e.bound(spec), nil
}

// encode returns e as it is stored, the same for equal entries.
func (e Entry) encode() ([]byte, error) {
	if len(bytes.TrimSpace(e.Payload)) == 0 {
		e.Payload = nil
	}
	encoded, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode entry %s: %w", e.ID, err)
	}
	return encoded, nil
}

// NextTicks returns the next n ticks after a moment, fewer if there are no more, in the
// entry's zone, each a [Entry.Shift] away from when it is enqueued. It does not ask
// whether the entry is paused, nor how often it ran.
func (e Entry) NextTicks(after time.Time, n int) ([]time.Time, error) {
	spec, err := e.parse()
	if err != nil {
		return nil, err
	}
	zone, err := calendar.LoadZone(e.Zone)
	if err != nil {
		return nil, err
	}
	var ticks []time.Time
	for tick := spec.Next(after.Add(-e.Shift())); !tick.IsZero() && len(ticks) < n; tick = spec.Next(tick) {
		ticks = append(ticks, tick.In(zone))
	}
	return ticks, nil
}

// tickID names the task of one tick. IDs of entries have no @, so no two ticks share one.
func tickID(entry string, tick time.Time) string {
	return entry + "@" + tick.UTC().Format("20060102T150405Z")
}
