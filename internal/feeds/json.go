package feeds

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/mmcdole/gofeed"
	feedjson "github.com/mmcdole/gofeed/json"

	"switchyard/internal/foreign"
)

// readJSON reads a JSON Feed, whose version says that it is one. Other JSON is no feed.
func readJSON(source string, base *url.URL) (*Feed, error) {
	head, items, whole := splitJSON(strings.Map(asSpace, source))
	var version string
	if err := json.Unmarshal(head["version"], &version); err != nil || !strings.Contains(version, "jsonfeed.org") {
		return nil, ErrNone
	}
	feed := &Feed{Format: "json"}
	if parsed, err := parseJSON(mendObject(head, "", "")); err == nil {
		feed.setHead(parsed, base)
	}
	for _, item := range items[:min(len(items), MaxItems)] {
		parsed, err := parseItem(item)
		if err != nil || len(parsed.Items) == 0 {
			feed.Damaged++
			continue
		}
		feed.Items = append(feed.Items, newItem(parsed.Items[0], feed, base))
	}
	if !whole {
		feed.Damaged++
	}
	return feed, nil
}

// asSpace replaces control characters, which JSON forbids in strings and reads as space
// between them.
func asSpace(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

// splitJSON returns the members of an object but its items, and the items, as far as they can
// be read, and whether this is all.
func splitJSON(source string) (head map[string]json.RawMessage, items []json.RawMessage, whole bool) {
	head = make(map[string]json.RawMessage)
	d := json.NewDecoder(strings.NewReader(source))
	if _, err := d.Token(); err != nil {
		return head, nil, false
	}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			return head, items, false
		}
		if key == "items" {
			if items, ok = readItems(d); !ok {
				return head, items, false
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return head, items, false
		}
		head[key] = value
	}
	_, err := d.Token()
	return head, items, err == nil
}

// readItems returns the elements of an array, and whether it ends.
func readItems(d *json.Decoder) (items []json.RawMessage, whole bool) {
	if begin, err := d.Token(); err != nil || begin != json.Delim('[') {
		return nil, err == nil
	}
	for d.More() {
		var item json.RawMessage
		if err := d.Decode(&item); err != nil {
			return items, false
		}
		items = append(items, item)
	}
	_, err := d.Token()
	return items, err == nil
}

// parseItem has one item parsed. Where it cannot be, its members that can are.
func parseItem(item json.RawMessage) (*gofeed.Feed, error) {
	const before, after = `{"items":[`, `]}`
	parsed, err := parseJSON(before + string(item) + after)
	if err == nil {
		return parsed, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(item, &members) != nil || members == nil {
		return nil, err
	}
	return parseJSON(before + mendObject(members, before, after) + after)
}

// mendObject returns an object without the members that the parser refuses between before and
// after. An author may be a name alone.
func mendObject(members map[string]json.RawMessage, before, after string) string {
	kept := make(map[string]json.RawMessage)
	for name, value := range members {
		var author string
		if name == "author" && json.Unmarshal(value, &author) == nil {
			value, _ = json.Marshal(map[string]string{"name": author})
		}
		alone, err := json.Marshal(map[string]json.RawMessage{name: value})
		if err != nil {
			continue
		}
		if _, err := parseJSON(before + string(alone) + after); err == nil {
			kept[name] = value
		}
	}
	encoded, err := json.Marshal(kept)
	if err != nil {
		return "{}"
	}
	return string(encoded)
}

func parseJSON(source string) (*gofeed.Feed, error) {
	return foreign.Parse(func() (*gofeed.Feed, error) {
		parsed, err := (&feedjson.Parser{}).Parse(strings.NewReader(source))
		if err != nil {
			return nil, err
		}
		return (&gofeed.DefaultJSONTranslator{}).Translate(parsed)
	})
}
