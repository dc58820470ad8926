package switchyard

import "time"

// ArgsWithPolicy is for args whose kind needs another policy than its routing rule gives it.
type ArgsWithPolicy interface {
	Policy() Policy
}

// Policy is what a kind may do, where that differs from the policy of its routing rule. A field that
// is nil changes nothing; a zero is a value. The configuration has the last word: what policies.<kind>
// names there wins over the same field here. Durations are whole seconds where asynq's format holds
// them: limits, retention and uniqueness.
//
//	func (Build) Policy() switchyard.Policy {
//		return switchyard.Policy{Retries: new(1), SoftLimit: new(25 * time.Minute), HardLimit: new(30 * time.Minute)}
//	}
//
// Queues are not part of it: they exist in the configuration, with their slots, and so do the
// rules that name them.
type Policy struct {
	Retries    *int           // attempts after the first, at most 100
	RetryDelay *time.Duration // before the first retry; it doubles with each further one, up to an hour
	Losses     *int           // how often the task runs again after its worker was lost with it
	SoftLimit  *time.Duration // after which the handler's context ends with [ErrSoftLimit]; 0: never
	HardLimit  *time.Duration // after which the attempt fails, with or without its handler; 0: never
	Retention  *time.Duration // how long the ended task and its result are kept; 0: not at all
	Unique     *time.Duration // how long a second task of the same payload is refused; 0: it is not
}
