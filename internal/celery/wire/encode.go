package wire

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Encode writes the message in protocol 2, as Celery 5 does, with deliveryTag as its tag:
// kombu's consumers keep a message under it, so each one needs its own. Empty reprs are
// made of the arguments.
func (m Message) Encode(deliveryTag string) []byte {
	body := base64.StdEncoding.EncodeToString(m.body())
	to := append([]byte(`{"body": "`), body...)
	to = append(to, `", "content-encoding": "utf-8", "content-type": "application/json", "headers": `...)
	to = appendObject(to, m.headers())
	to = append(append(to, `, "properties": {"correlation_id": `...), quote(m.correlation())...)
	to = append(append(to, `, "reply_to": `...), quote(m.ReplyTo)...)
	to = append(append(to, `, "delivery_mode": 2, "delivery_info": {"exchange": `...), quote(m.Exchange)...)
	to = append(append(to, `, "routing_key": `...), quote(m.RoutingKey)...)
	to = strconv.AppendInt(append(to, `}, "priority": `...), int64(m.Priority), 10)
	return append(append(append(to, `, "body_encoding": "base64", "delivery_tag": `...), quote(deliveryTag)...), "}}"...)
}

// correlation is the id unless the producer chose another.
func (m Message) correlation() string {
	if m.CorrelationID == "" {
		return m.ID
	}
	return m.CorrelationID
}

func (m Message) body() []byte {
	to := appendList([]byte("["), m.Args)
	to = append(append(to, ", "...), orEmpty(m.Kwargs)...)
	to = appendSignatures(append(to, `, {"callbacks": `...), m.Callbacks)
	to = appendSignatures(append(to, `, "errbacks": `...), m.Errbacks)
	to = appendSignatures(append(to, `, "chain": `...), m.Chain)
	to = appendSignature(append(to, `, "chord": `...), m.Chord)
	return append(to, "}]"...)
}

func (m Message) headers() Object {
	argsRepr, kwargsRepr := m.ArgsRepr, m.KwargsRepr
	if argsRepr == "" {
		argsRepr = reprArgs(m.Args)
	}
	if kwargsRepr == "" {
		kwargsRepr = reprKwargs(orEmpty(m.Kwargs))
	}
	root := m.Root
	if root == "" {
		root = m.ID
	}
	own := Object{
		{"lang", quote("py")}, {"task", quote(m.Task)}, {"id", quote(m.ID)}, {"shadow", quoteOrNull(m.Shadow)},
		{"eta", momentOrNull(m.ETA)}, {"expires", momentOrNull(m.Expires)},
		{"group", quoteOrNull(m.Group)}, {"group_index", wholeOrNull(m.GroupIndex)},
		{"retries", strconv.AppendInt(nil, int64(m.Retries), 10)},
		{"timelimit", appendList(nil, []json.RawMessage{limitOrNull(m.Hard), limitOrNull(m.Soft)})},
		{"root_id", quote(root)}, {"parent_id", quoteOrNull(m.Parent)},
		{"argsrepr", quote(argsRepr)}, {"kwargsrepr", quote(kwargsRepr)}, {"origin", quoteOrNull(m.Origin)},
		{"ignore_result", strconv.AppendBool(nil, m.IgnoreResult)},
	}
	return append(own, slices.Clone(m.Extra)...)
}

func momentOrNull(at time.Time) json.RawMessage {
	if at.IsZero() {
		return json.RawMessage("null")
	}
	return quote(isoformat(at) + "+00:00")
}

func limitOrNull(d time.Duration) json.RawMessage {
	if d == 0 {
		return json.RawMessage("null")
	}
	return strconv.AppendFloat(nil, d.Seconds(), 'f', -1, 64)
}
