package slacksim

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestStringsSurvive holds the writer of JSON to the reader of the standard
// library.
func TestStringsSurvive(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.String().Draw(rt, "text")
		var got map[string]string
		if err := json.Unmarshal(appendJSON(nil, object{{"k", want}}), &got); err != nil || got["k"] != want {
			rt.Fatalf("%q became %q: %v", want, got["k"], err)
		}
	})
}

func TestAnswersLookLikeSlacks(t *testing.T) {
	got := string(appendJSON(nil, object{
		{"a", "x/<&>\"\\\n\xff"}, {"b", nil}, {"c", []string{}}, {"d", []object{{{"e", 1}, {"f", true}}, {}}},
	}))
	if want := `{"a":"x\/<&>\"\\\u000a` + "\uFFFD" + `","b":null,"c":[],"d":[{"e":1,"f":true},{}]}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
