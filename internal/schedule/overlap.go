package schedule

// Overlap says what becomes of a tick that comes while the task of the one before still
// waits or runs.
type Overlap string

// The overlap policies.
const (
	Allow Overlap = "allow" // it is enqueued as well; the default
	Skip  Overlap = "skip"  // it is dropped
)
