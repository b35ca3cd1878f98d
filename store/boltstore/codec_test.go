package boltstore

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
	"scim2slack/store"
)

func drawValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := 6
		if depth == 0 {
			kinds = 4
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return rapid.OneOf(rapid.String(), rapid.StringMatching(`["\\\x00-\x1f\x7f<&>a]*`)).Draw(t, "string")
		case 3:
			return rapid.Float64().Draw(t, "number")
		case 4:
			return append([]any{}, rapid.SliceOfN(drawValue(depth-1), 0, 4).Draw(t, "list")...)
		}
		return scim.Object(rapid.MapOfN(rapid.String(), drawValue(depth-1), 0, 4).Draw(t, "object"))
	})
}

func TestDocumentsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := scim.Object(rapid.MapOfN(rapid.String(), drawValue(3), 0, 8).Draw(t, "document"))
		data, err := appendDocument(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(data) {
			t.Fatalf("no JSON: %s", data)
		}
		got, err := decodeDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, data)
		}
	})
}

func TestDocumentsThatCannotBeKeptAreRefused(t *testing.T) {
	deep := scim.Object{}
	for range maxDepth {
		deep = scim.Object{"x": deep}
	}
	lists := any("x")
	for range maxDepth {
		lists = []any{lists}
	}
	for name, c := range map[string]struct {
		document scim.Object
		want     string
	}{
		"int":       {scim.Object{"a": scim.Object{"b": 1}}, "a: b: a document cannot hold a int"},
		"plain map": {scim.Object{"a": map[string]any{}}, "a: a document cannot hold a map[string]interface {}"},
		"infinity":  {scim.Object{"a": []any{math.Inf(1)}}, "a: +Inf is no JSON number"},
		"objects":   {deep, "nested deeper than 64 levels"},
		"lists":     {scim.Object{"a": lists}, "nested deeper than 64 levels"},
	} {
		s := openTest(t, testPath(t), Options{})
		k := store.Key{Source: "okta", Type: store.User, ID: "x"}
		err := s.Update(t.Context(), func(tx store.Tx) error {
			return tx.PutResource(store.Resource{Key: k, Document: c.document})
		})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), k.String()) {
			t.Errorf("%s: got error %v, want %q", name, err, c.want)
		}
	}
}

// FuzzDecodeDocument holds decodeDocument to encoding/json: what it accepts is JSON and means the same.
func FuzzDecodeDocument(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":null,"b":[true,false,-1.5e3,"x"],"c":{"d":{}}}`, `{"a":"\u0041\ud83d\ude00\n\"\u001f"}`, ` { "a" : [ ] } `,
		`{"a":01}`, `{"a":1.}`, `{"a":+1}`, `{"a":.5}`, `{"a":1,"a":2}`, `{"a"}`, `{"a":"`, `{"a":"\`, `{"a":tru}`, `[`, `{"a":"\u00"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeDocument(data)
		if err != nil || !utf8.Valid(data) {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("accepted %q, which is no JSON: %v", data, err)
		}
		if diff := cmp.Diff(want, plain(got)); diff != "" {
			t.Fatalf("%q (-json +ours):\n%s", data, diff)
		}
		again, err := appendDocument(nil, got)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeDocument(again); err != nil || !cmp.Equal(got, back) {
			t.Fatalf("%q came back as %v, %v", again, back, err)
		}
	})
}

// plain returns a value with the types of encoding/json.
func plain(v any) any {
	switch v := v.(type) {
	case scim.Object:
		out := map[string]any{}
		for name, value := range v {
			out[name] = plain(value)
		}
		return out
	case []any:
		out := []any{}
		for _, value := range v {
			out = append(out, plain(value))
		}
		return out
	}
	return v
}

// FuzzKeys checks that keys come back, and that damaged ones are errors.
func FuzzKeys(f *testing.F) {
	f.Add("okta", "User", "019a4d7e-0000-7abc-8def-000000000001", []byte("okta\x00\x01U\x01short"))
	f.Add("a\x00\xff", "", "\x00\x01", []byte{0})
	f.Fuzz(func(t *testing.T, source, typ, id string, damaged []byte) {
		want := store.Key{Source: source, Type: store.Type(typ), ID: id}
		got, rest, err := cutKey(append(appendKey(nil, want), "rest"...))
		if err != nil || got != want || string(rest) != "rest" {
			t.Fatalf("got %+v, %q, %v; want %+v", got, rest, err, want)
		}
		if k, _, err := cutKey(damaged); err != nil && k != (store.Key{}) {
			t.Fatalf("%q was read as %+v, and yet %v", damaged, k, err)
		}
		_, _, _ = decodeHeader(damaged)
	})
}

func TestTextSortsAsItDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xFE, 0xFF, 'a'}), 0, 5)
		a, b := string(text.Draw(t, "a")), string(text.Draw(t, "b"))
		if strings.Compare(a, b) != strings.Compare(string(appendText(nil, a)), string(appendText(nil, b))) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestTimesKeepTheNanosecond(t *testing.T) {
	for _, want := range []time.Time{{}, time.Unix(0, 0), time.Unix(-5, 999_999_999), time.Unix(1<<40, 1), time.Now()} {
		got, rest, err := cutTime(append(appendTime(nil, want), 'x'))
		if err != nil || !got.Equal(want) || got.IsZero() != want.IsZero() || string(rest) != "x" {
			t.Errorf("got %v, %q, %v; want %v", got, rest, err, want)
		}
	}
}
