package wire

import "fmt"

// Exception is a Python exception by its class and its module. A client raises it if it
// knows the module, or else one that it makes of that name.
type Exception struct{ Type, Module string }

// The exceptions that Celery and kombu have for what they refuse.
var (
	ContentDisallowed = Exception{"ContentDisallowed", "kombu.exceptions"}
	DecodeError       = Exception{"DecodeError", "kombu.exceptions"}
	InvalidTaskError  = Exception{"InvalidTaskError", "celery.exceptions"}
	ValueError        = Exception{"ValueError", "builtins"}
	TypeError         = Exception{"TypeError", "builtins"}
	ChordError        = Exception{"ChordError", "celery.exceptions"}
	TaskRevokedError  = Exception{"TaskRevokedError", "celery.exceptions"}
)

// Refused is the error of a message that no task can be made of. It has what could be learnt
// of the message, so that its client can be told: without an ID nobody waits for it.
type Refused struct {
	ID, Task, ReplyTo string
	// IgnoreResult is set if the client asked for no result.
	IgnoreResult bool
	// Exception is what the client should see raised, with Reason as its text.
	Exception Exception
	Reason    string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("refuse message (id %q, task %q): %s", r.ID, r.Task, r.Reason)
}

// refusal is a reason with its exception, where the message is not known.
type refusal struct {
	exception Exception
	reason    string
}

func (r *refusal) Error() string { return r.reason }

func refuse(exception Exception, format string, args ...any) error {
	return &refusal{exception, fmt.Errorf(format, args...).Error()}
}
