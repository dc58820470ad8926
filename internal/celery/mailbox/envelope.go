package mailbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// maxMessage bounds what is read: a list of ten thousand ids that are revoked has half of it.
const maxMessage = 1 << 20

// envelope is a message as kombu writes it into Redis.
type envelope struct {
	Body            string     `json:"body"`
	ContentEncoding string     `json:"content-encoding"`
	ContentType     string     `json:"content-type"`
	Headers         headers    `json:"headers"`
	Properties      properties `json:"properties"`
}

// headers are those that messages of control, their replies and events have.
type headers struct {
	Clock       json.Number     `json:"clock,omitempty"`
	Ticket      json.RawMessage `json:"ticket,omitempty"`
	Hostname    string          `json:"hostname,omitempty"`
	Compression string          `json:"compression,omitempty"`
}

type properties struct {
	DeliveryMode int          `json:"delivery_mode"`
	DeliveryInfo deliveryInfo `json:"delivery_info"`
	Priority     int          `json:"priority"`
	BodyEncoding string       `json:"body_encoding"`
	DeliveryTag  string       `json:"delivery_tag"`
}

type deliveryInfo struct {
	Exchange   string `json:"exchange"`
	RoutingKey string `json:"routing_key"`
}

// errForeign is of a message that is well, and whose sender writes otherwise than is read here.
var errForeign = errors.New("only JSON without compression is read: leave task_serializer of the Celery application at json")

// open reads a message and returns the JSON in it.
func open(text string) (headers, []byte, error) {
	if len(text) > maxMessage {
		return headers{}, nil, fmt.Errorf("a message of %d bytes: at most %d are read", len(text), maxMessage)
	}
	var e envelope
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return headers{}, nil, fmt.Errorf("read a message's envelope: %w", err)
	}
	if e.ContentType != "application/json" || e.Headers.Compression != "" {
		return headers{}, nil, fmt.Errorf("content-type %.40q, compression %.40q: %w", e.ContentType, e.Headers.Compression, errForeign)
	}
	if e.Properties.BodyEncoding != "base64" {
		return e.Headers, []byte(e.Body), nil
	}
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return headers{}, nil, fmt.Errorf("read a message's body: %w", err)
	}
	return e.Headers, body, nil
}

// seal returns the message with a body to an exchange. Its receivers need it now or not at all.
func seal(h headers, to deliveryInfo, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode a message to %s: %w", to.Exchange, err)
	}
	const transient = 1
	sealed, err := json.Marshal(envelope{
		Body: base64.StdEncoding.EncodeToString(text), ContentEncoding: "utf-8", ContentType: "application/json", Headers: h,
		Properties: properties{DeliveryMode: transient, DeliveryInfo: to, BodyEncoding: "base64", DeliveryTag: uuid.NewString()},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the envelope of a message to %s: %w", to.Exchange, err)
	}
	return sealed, nil
}
