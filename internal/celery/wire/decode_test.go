package wire

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"
)

// What a producer sent is what a worker would be sent again: each header, each property and
// the body.
func TestEveryFieldOfARecordedMessageIsKept(t *testing.T) {
	files, err := os.ReadDir("testdata/sent")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for i, m := range decoded(t, "sent/"+file.Name()) {
			if m.Protocol == 1 {
				continue
			}
			sent := written(t, decompressed(t, lines(t, "sent/"+file.Name())[i]))
			delete(sent["properties"].(map[string]any), "expiration") // kombu on Redis reads headers.expires only
			if again := written(t, m.Encode(m.DeliveryTag)); !reflect.DeepEqual(again, sent) {
				t.Errorf("%s:\nsent  %v\nagain %v", file.Name(), sent, again)
			}
		}
	}
}

// decompressed is a message as it would be without compression.
func decompressed(t testing.TB, raw []byte) []byte {
	t.Helper()
	e, err := open(raw)
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.content(limitOfTests)
	if err != nil {
		t.Fatal(err)
	}
	var envelope map[string]any
	if err := json.Unmarshal(raw, &envelope); err != nil {
		t.Fatal(err)
	}
	envelope["body"] = []byte(body)
	delete(envelope["headers"].(map[string]any), "compression")
	raw, err = json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAMessageIsReadWithAllItsFields(t *testing.T) {
	m := decoded(t, "sent/04-priority-6.jsonl")[0]
	m.DeliveryTag, m.ID, m.CorrelationID, m.Root = "", "", "", ""
	want := Message{
		Protocol: 2, Task: "scrape_page", Args: []json.RawMessage{[]byte(`"https://example.com/"`)}, Kwargs: []byte("{}"),
		Expires: time.Date(2026, 11, 25, 17, 50, 25, 933499000, time.UTC), Hard: 20 * time.Second, Soft: 10 * time.Second,
		Shadow: "pretty", Origin: "gen1@host", ArgsRepr: "('https://example.com/',)", KwargsRepr: "{}",
		Extra: Object{{"tenant", []byte(`"t1"`)}}, Priority: 6, RoutingKey: "scraping", ReplyTo: "15e3b21e-22bd-3398-a551-163f360f7413",
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("read %+v\nwant %+v", m, want)
	}
}
