package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// refusals are messages that no task can be made of, and what their clients are told.
var refusals = map[string]struct {
	raw  []byte
	want Refused
}{
	"not JSON":             {[]byte("gibberish"), Refused{"", "", "", false, DecodeError, "the message is not JSON: no value begins so at byte 0"}},
	"nothing":              {nil, Refused{"", "", "", false, DecodeError, "the message is not JSON: a value is missing at byte 0"}},
	"more than JSON":       {[]byte("{} {}"), Refused{"", "", "", false, DecodeError, "the message is not JSON: more follows after the end of the value at byte 3"}},
	"not UTF-8":            {[]byte("{\"a\": \"\xff\"}"), Refused{"", "", "", false, DecodeError, "the message is not UTF-8"}},
	"a list":               {[]byte("[]"), Refused{"", "", "", false, DecodeError, "the message is []: send an object"}},
	"an empty object":      {[]byte("{}"), Refused{"", "", "", false, ContentDisallowed, `content-type is "": send application/json, nothing else is read`}},
	"headers are a list":   {[]byte(`{"headers": []}`), Refused{"", "", "", false, DecodeError, "headers is []: send an object"}},
	"pickle":               {pickled, Refused{"i", "t", "them", true, ContentDisallowed, `content-type is "application/x-python-serialize": send application/json, nothing else is read`}},
	"unknown compression":  {withHeader(`"compression": "application/zstd"`), Refused{"i", "t", "them", false, DecodeError, `headers.compression is "application/zstd": send gzip, bzip2 or no compression`}},
	"not compressed":       {withHeader(`"compression": "application/x-gzip"`), Refused{"i", "t", "them", false, DecodeError, `the body is not what headers.compression "application/x-gzip" says: zlib: invalid header`}},
	"body is no JSON":      {withBody("]"), Refused{"i", "t", "them", false, DecodeError, "the body is not JSON: no value begins so at byte 0"}},
	"body is a number":     {withBody("5"), Refused{"i", "t", "them", false, InvalidTaskError, "the body is 5: send an object"}},
	"body has two parts":   {withBody("[[], {}]"), Refused{"i", "t", "them", false, InvalidTaskError, "the body is [[], {}]: send [args, kwargs, embed]"}},
	"args are an object":   {withBody("[{}, {}, {}]"), Refused{"i", "t", "them", false, InvalidTaskError, "body.args is {}: send a list"}},
	"kwargs are a list":    {withBody("[[], [], {}]"), Refused{"i", "t", "them", false, InvalidTaskError, "body.kwargs is []: send an object"}},
	"kwargs are a number":  {withBody("[[], 1e999, {}]"), Refused{"i", "t", "them", false, InvalidTaskError, "body.kwargs is 1e999: send an object"}},
	"a chain of texts":     {withBody(`[[], {}, {"chain": ["x"]}]`), Refused{"i", "t", "them", false, InvalidTaskError, `embed.chain[0] is "x": send an object`}},
	"a chord without task": {withBody(`[[], {}, {"chord": {}}]`), Refused{"i", "t", "them", false, InvalidTaskError, "embed.chord.task is missing: name the task"}},
	"too deep":             {withBody("[" + strings.Repeat("[", 600) + strings.Repeat("]", 600) + ", {}, {}]"), Refused{"i", "t", "them", false, DecodeError, "the body nests more than 500 arrays and objects: send less deep arguments or a shorter canvas"}},
	"no id":                {envelopeOf(`{"task": "t"}`, "[[], {}, {}]"), Refused{"", "t", "them", false, InvalidTaskError, "headers.id is missing: no task can be made of it"}},
	"an empty id":          {envelopeOf(`{"task": "t", "id": ""}`, "[[], {}, {}]"), Refused{"", "t", "them", false, InvalidTaskError, "headers.id is missing: no task can be made of it"}},
	"a number as id":       {envelopeOf(`{"task": "t", "id": 5}`, "[[], {}, {}]"), Refused{"", "t", "them", false, InvalidTaskError, "headers.id is 5: send a text"}},
	"half an id":           {envelopeOf(`{"task": "t", "id": "\ud800"}`, "[[], {}, {}]"), Refused{"", "t", "them", false, InvalidTaskError, "headers.id has half of a surrogate pair: send Unicode text"}},
	"no task":              {envelopeOf(`{"id": "i"}`, "[[], {}, {}]"), Refused{"i", "", "them", false, InvalidTaskError, "headers.task is missing: no task can be made of it"}},
	"a broken eta":         {withHeader(`"eta": "tomorrow"`), Refused{"i", "t", "them", false, InvalidTaskError, `headers.eta is "tomorrow": send a time as 2030-01-02T03:04:05+00:00`}},
	"eta is an object":     {withHeader(`"eta": {}`), Refused{"i", "t", "them", false, InvalidTaskError, "headers.eta is {}: send seconds, at most 1000000000"}},
	"expires is NaN":       {withHeader(`"expires": NaN`), Refused{"i", "t", "them", false, InvalidTaskError, "headers.expires is NaN: send seconds, at most 1000000000"}},
	"retries are text":     {withHeader(`"retries": "1"`), Refused{"i", "t", "them", false, InvalidTaskError, `headers.retries is "1": send a whole number that is not negative`}},
	"retries are huge":     {withHeader(`"retries": 99999999999999999999`), Refused{"i", "t", "them", false, InvalidTaskError, "headers.retries is 99999999999999999999: send a whole number that is not negative"}},
	"one limit":            {withHeader(`"timelimit": [1]`), Refused{"i", "t", "them", false, InvalidTaskError, "headers.timelimit is [1]: send [hard, soft]"}},
	"a negative limit":     {withHeader(`"timelimit": [null, -1]`), Refused{"i", "t", "them", false, InvalidTaskError, "headers.timelimit is -1: send a positive number of seconds, or null for none"}},
	"group_index is text":  {withHeader(`"group_index": "+inf"`), Refused{"i", "t", "them", false, InvalidTaskError, `headers.group_index is "+inf": send a whole number that is not negative`}},
	"local time":           {enveloped(`{"id": "i", "task": "t", "utc": false, "eta": "2030-01-02T03:04:05"}`), Refused{"i", "t", "them", false, InvalidTaskError, `headers.eta is "2030-01-02T03:04:05", without an offset, and the message says that it is not UTC: set enable_utc in the producer`}},
}

var pickled = []byte(strings.Replace(string(withHeader(`"ignore_result": true`)), "application/json", "application/x-python-serialize", 1))

// enveloped is a message of protocol 1.
func enveloped(body string) []byte { return envelopeOf("{}", body) }

func TestAMessageThatNoTaskCanBeMadeOfSaysWhyAndToWhom(t *testing.T) {
	for name, c := range refusals {
		m, err := Decode(c.raw, limitOfTests, noon)
		var refused *Refused
		if !errors.As(err, &refused) {
			t.Errorf("%s: read %+v, %v", name, m, err)
		} else if *refused != c.want {
			t.Errorf("%s: refused %+v\nwant %+v", name, *refused, c.want)
		}
	}
}

func TestABodyIsNotReadBeyondItsLimit(t *testing.T) {
	large := withBody(`[["` + strings.Repeat("x", 2000) + `"], {}, {}]`)
	const why = "the body is larger than 1000 bytes: send a reference to what is large"
	for name, raw := range map[string][]byte{"plain": large, "compressed": lines(t, "bombs.jsonl")[0], "bzip2": lines(t, "bombs.jsonl")[1]} {
		var refused *Refused
		if _, err := Decode(raw, 1000, noon); !errors.As(err, &refused) || refused.Reason != why || refused.Exception != ValueError || refused.ID == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(large, 3000, noon); err != nil {
		t.Error(err)
	}
}

func TestTimesAreReadInEveryFormThatProducersWrite(t *testing.T) {
	const micro = time.Microsecond
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2030-01-02T03:04:05+00:00"`: at, `"2030-01-02T03:04:05Z"`: at, `"2030-01-02T03:04:05"`: at, `"2030-01-02 03:04:05"`: at,
		`"2030-01-02T05:04:05+02:00"`: at, `"2030-01-02T05:04:05+0200"`: at, `"2030-01-02T03:57:33+00:53:28"`: at,
		`"2030-01-02T03:04:05.123456+00:00"`: at.Add(123456 * micro), `"2030-01-02T03:04:05.1234567Z"`: at.Add(123456 * micro),
		`"2030-01-02"`: at.Truncate(24 * time.Hour), `null`: {}, `60`: noon.Add(time.Minute), `1.5`: noon.Add(1500 * time.Millisecond),
	} {
		m, err := Decode(withHeader(`"eta": `+text+`, "expires": `+text), limitOfTests, noon)
		if err != nil || !m.ETA.Equal(want) || !m.Expires.Equal(want) {
			t.Errorf("%s: eta %s, expires %s, %v: want %s", text, m.ETA, m.Expires, err, want)
		}
	}
}

func TestArgumentsStayAsPythonWroteThem(t *testing.T) {
	const args = `["\ud83d\ude00", "é", 1.0, 1e2, 123456789012345678901234567890, NaN, -Infinity, "\ud800", {"b": 1,  "a": 2}]`
	m, err := Decode(withBody(`[`+args+`, {"z": 1.10, "a": NaN}, null]`), limitOfTests, noon)
	if err != nil {
		t.Fatal(err)
	}
	if back := string(appendList(nil, again(t, m).Args)); back != args {
		t.Errorf("args %s, want %s", back, args)
	}
	if back := string(again(t, m).Kwargs); back != `{"z": 1.10, "a": NaN}` {
		t.Errorf("kwargs %s", back)
	}
}

func TestAHandlerGetsOnlyArgumentsThatGoReadsExactly(t *testing.T) {
	for body, want := range map[string]string{
		`[[{"a": [1, NaN]}], {}, {}]`:                         "args[0].a[1] is NaN, which JSON has no word for: send null or a text",
		`[[], {"x": {"y": -Infinity}}, {}]`:                   "kwargs.x.y is -Infinity, which JSON has no word for: send null or a text",
		`[["\\ud800 \ud800"], {}, {}]`:                        "args[0] has half of a surrogate pair: send Unicode text",
		`[[], {"\udc00": 1}, {}]`:                             `kwargs has the name "\udc00", which has half of a surrogate pair: send Unicode text`,
		`[["\ud83d\ude00 \\ud800"], {"n": 1}, {}]`:            "",
		`[[], {}, {"chain": [{"task": "t", "args": [NaN]}]}]`: "",
	} {
		m, err := Decode(withBody(body), limitOfTests, noon)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		var refused *Refused
		switch err := m.Strict(); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", body, err)
		case want != "" && (!errors.As(err, &refused) || refused.Reason != want || refused.Exception != ValueError || refused.ID != "i"):
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

func TestTheLastOfTwoNamesCounts(t *testing.T) {
	m, err := Decode(envelopeOf(`{"task": "t", "id": "1", "retries": 1, "id": "2"}`, `[[], {"a": 1, "b": 2, "a": 3}, {}]`), limitOfTests, noon)
	if err != nil || m.ID != "2" {
		t.Fatalf("id %q, %v", m.ID, err)
	}
	kwargs, err := Members(m.Kwargs)
	if got := string(appendObject(nil, kwargs)); err != nil || got != `{"a": 3, "b": 2}` {
		t.Errorf("kwargs %s, %v", got, err)
	}
}

func TestCompressedBodiesAreRead(t *testing.T) {
	for _, line := range lines(t, "compressed.jsonl") {
		m, err := Decode(line, limitOfTests, noon)
		if err != nil || m.Task != "t" || string(appendList(nil, m.Args)) != `["é"]` {
			t.Errorf("%s: %+v, %v", line, m, err)
		}
	}
}

func TestProtocol1IsReadAsProtocol2(t *testing.T) {
	m := decoded(t, "sent/13-protocol-1.jsonl")[0]
	if m.Protocol != 1 || m.ID != "ba83fe10-8d12-446a-a4c5-b7725e90a8ac" || m.Task != "scrape_page" || string(m.Args[0]) != `"u"` || m.RoutingKey != "scraping" {
		t.Errorf("read %+v", m)
	}
	m, err := Decode(enveloped(`{"id": "i", "task": "t", "taskset": "g", "utc": true, "eta": "2030-01-02T03:04:05", "timelimit": [2, 1],
		"callbacks": [{"task": "next"}], "chord": {"task": "body"}, "chain": [{"task": "ignored"}]}`), limitOfTests, noon)
	if err != nil || m.Group != "g" || m.Hard != 2*time.Second || m.Callbacks[0].Task != "next" || m.Chord.Task != "body" || m.Chain != nil || m.ETA.Year() != 2030 {
		t.Errorf("read %+v, %v", m, err)
	}
}

func TestAMegabyteIsRead(t *testing.T) {
	m, err := Decode(withBody(`[["`+strings.Repeat("x", 1<<20)+`"], {}, {}]`), limitOfTests, noon)
	if err != nil || len(m.Args[0]) != 1<<20+2 {
		t.Fatalf("%d bytes, %v", len(m.Args[0]), err)
	}
	if repr := reprArgs(m.Args); len(repr) != maxRepr+3 {
		t.Errorf("the repr has %d bytes", len(repr))
	}
}

func TestABodyMayStandInTheMessageAsItIs(t *testing.T) {
	raw, _ := json.Marshal(map[string]any{
		"headers": map[string]string{"task": "t", "id": "i"}, "content-type": "application/json", "body": `[["é"], {}, {}]`,
	})
	if m, err := Decode(raw, limitOfTests, noon); err != nil || string(m.Args[0]) != `"é"` {
		t.Errorf("read %+v, %v", m, err)
	}
	raw = []byte(strings.Replace(string(withBody("x")), base64.StdEncoding.EncodeToString([]byte("x")), "%%", 1))
	var refused *Refused
	if _, err := Decode(raw, limitOfTests, noon); !errors.As(err, &refused) || refused.Exception != DecodeError {
		t.Error(err)
	}
}
