package wire

import (
	"encoding/json"
	"time"
)

// Message is a task message. Its texts are empty and its times zero where the message has
// null. Args, Kwargs and Extra are the bytes that the producer wrote: see [Message.Strict].
type Message struct {
	// Protocol is 1 or 2, as the message was read. Messages are written in protocol 2.
	Protocol int
	ID, Task string
	// Args and Kwargs are the arguments; Kwargs is one JSON object.
	Args   []json.RawMessage
	Kwargs json.RawMessage

	// Callbacks follow a success, all of them, and Errbacks a failure. Chain has what
	// follows a success one after another, the next one LAST. Chord follows once the whole
	// group has ended.
	Callbacks, Errbacks, Chain []Signature
	Chord                      *Signature

	// ETA is when the task may begin, Expires until when.
	ETA, Expires time.Time
	// Retries is how often the task was tried before.
	Retries int
	// Soft and Hard are limits of one attempt, 0 for none.
	Soft, Hard time.Duration

	// Root and Parent are the ids of the first task of a canvas and of the one that sent
	// this one; Group is that of its group, and GroupIndex its place in there, if known.
	Root, Parent, Group string
	GroupIndex          *int

	// IgnoreResult asks that no result is kept.
	IgnoreResult bool
	// Shadow is the name that logs show, Origin who sent it.
	Shadow, Origin string
	// ArgsRepr and KwargsRepr show the arguments as Python's repr does, shortened.
	ArgsRepr, KwargsRepr string
	// Extra are headers that are the producer's own.
	Extra Object

	// Priority is kombu's, 0 is served first. Exchange and RoutingKey say where it was sent.
	Priority                            int
	Exchange, RoutingKey                string
	ReplyTo, CorrelationID, DeliveryTag string
}
