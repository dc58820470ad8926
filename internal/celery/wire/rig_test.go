package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// noon is when the tests read messages.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const limitOfTests = 4 << 20

// lines returns what testdata/name has, a line each.
func lines(t testing.TB, name string) [][]byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
}

// decoded returns the messages of testdata/name.
func decoded(t testing.TB, name string) []Message {
	t.Helper()
	var messages []Message
	for _, line := range lines(t, name) {
		m, err := Decode(line, limitOfTests, noon)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		messages = append(messages, m)
	}
	return messages
}

// written is a message as a JSON value, its body decoded.
func written(t testing.TB, raw []byte) map[string]any {
	t.Helper()
	var envelope map[string]any
	if err := json.Unmarshal(raw, &envelope); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	body, err := base64.StdEncoding.DecodeString(envelope["body"].(string))
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	envelope["body"] = value
	return envelope
}

// envelopeOf makes a message of protocol 2 out of its parts, as a producer would.
func envelopeOf(headers, body string) []byte {
	return []byte(`{"body": "` + base64.StdEncoding.EncodeToString([]byte(body)) + `", "content-encoding": "utf-8",
		"content-type": "application/json", "headers": ` + headers + `, "properties": {"reply_to": "them", "body_encoding": "base64",
		"delivery_info": {"exchange": "", "routing_key": "agents"}}}`)
}

// withHeader is a message of task t and id i that has one more header.
func withHeader(member string) []byte {
	return envelopeOf(`{"task": "t", "id": "i", `+member+`}`, `[[], {}, {}]`)
}

// withBody is a message of task t and id i that has this body.
func withBody(body string) []byte { return envelopeOf(`{"task": "t", "id": "i"}`, body) }

func compact(t testing.TB, raw []byte) string {
	t.Helper()
	var buffer bytes.Buffer
	if err := json.Compact(&buffer, raw); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return buffer.String()
}
