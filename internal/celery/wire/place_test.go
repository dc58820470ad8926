package wire

import (
	"encoding/json"
	"testing"
)

func TestArgumentsGoWhereTheyBelongInThePayload(t *testing.T) {
	for _, c := range []struct{ user, input, want string }{
		{"", "", `{"a":1,"user_id":"ada","x":{"y":2}}`},
		{"user_id", "", `{"a":1,"user":"ada","x":{"y":2}}`},
		{"user_id", "*", `{"input":{"a":1,"x":{"y":2}},"user":"ada"}`},
		{"user_id", "x", `{"a":1,"input":{"y":2},"user":"ada"}`},
		{"nobody", "nothing", `{"a":1,"user_id":"ada","x":{"y":2}}`},
		{"", "*", `{"input":{"a":1,"user_id":"ada","x":{"y":2}}}`},
	} {
		all := map[string]json.RawMessage{"a": []byte("1"), "user_id": []byte(`"ada"`), "x": []byte(`{"y":2}`)}
		got, err := json.Marshal(Place(all, c.user, c.input))
		if err != nil || string(got) != c.want {
			t.Errorf("user %q, input %q: %s, %v, want %s", c.user, c.input, got, err, c.want)
		}
	}
}
