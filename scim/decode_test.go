package scim

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeAccepts(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Object
	}{
		{`{}`, Object{}},
		{" \t\r\n{ \"a\" : [ ] , \"b\" : { } }\n ", Object{"a": []any{}, "b": Object{}}},
		{`{"a":[true,false,null,"x",1,-2.5e1]}`, Object{"a": []any{true, false, nil, "x", 1.0, -25.0}}},
		{`{"a":"\"\\\/\b\f\n\r\té\u00e9\uD83D\ude00😀"}`, Object{"a": "\"\\/\b\f\n\r\téé😀😀"}},
		{`{"é":"\u0000"}`, Object{"é": "\x00"}},
		{`{"n":9007199254740992}`, Object{"n": 9007199254740992.0}},
		{`{"n":9007199254740993}`, Object{"n": "9007199254740993"}},
		{`{"n":-132500000000000001}`, Object{"n": "-132500000000000001"}},
		{`{"n":1` + strings.Repeat("0", 400) + `}`, Object{"n": "1" + strings.Repeat("0", 400)}},
		{`{"a":{"x":1},"b":{"x":2}}`, Object{"a": Object{"x": 1.0}, "b": Object{"x": 2.0}}},
	} {
		got, err := Decode([]byte(c.in), Limits{})
		if err != nil {
			t.Errorf("%s: %v", shorten(c.in, 80), err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", shorten(c.in, 80), diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	many := &strings.Builder{}
	for i := range 40 {
		fmt.Fprintf(many, `"key%d":1,`, i)
	}
	for _, c := range []struct{ in, want string }{
		{"", "the body is empty"},
		{"  \n", "the body is empty"},
		{"null", "must begin with {"},
		{"[]", "must begin with {"},
		{"\ufeff{}", "byte order mark"},
		{`{} {}`, "line 1, column 4: something follows the object"},
		{`{}x`, "something follows"},
		{`{"a":1,}`, "a key in quotes is missing"},
		{`{,}`, "a key in quotes is missing"},
		{`{a:1}`, "a key in quotes is missing"},
		{`{"a"}`, "a colon is missing"},
		{`{"a":}`, "a value is missing"},
		{`{"a":1`, "a comma or } is missing"},
		{`{"a":[1,]}`, "inside a[1]: a value is missing"},
		{`{"a":[1`, "a comma or ] is missing"},
		{`{"a":tru}`, "misspelt"},
		{`{"a":True}`, "a value is missing"},
		{`{"a":NaN}`, "a value is missing"},
		{`{"a":01}`, "a number is malformed"},
		{`{"a":-}`, "a number is malformed"},
		{`{"a":1.}`, "a number is malformed"},
		{`{"a":1e}`, "a number is malformed"},
		{`{"a":1e999}`, "a number is too large"},
		{`{"a":.5}`, "a value is missing"},
		{`{"a":"x`, "a string is not closed"},
		{"{\"a\":\"x\ny\"}", "control character"},
		{`{"a":"\x"}`, "a backslash begins no escape"},
		{`{"a":"\u12g4"}`, "four hexadecimal digits"},
		{`{"a":"\ud83d"}`, "half of a surrogate pair"},
		{`{"a":"\ud83dx"}`, "half of a surrogate pair"},
		{`{"a":"\ud83d\u0041"}`, "half of a surrogate pair"},
		{`{"a":"\ude00\ud83d"}`, "half of a surrogate pair"},
		{"{\"a\":\"\xff\"}", "not valid UTF-8"},
		{"{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
		{"{\"\xc0\xaf\":1}", "not valid UTF-8"},
		{"{\"a\":1}\x00", "something follows"},
		{`{"userName":"a","x":1,"USERNAME":"b"}`, `line 1, column 23: the key "USERNAME" comes twice`},
		{`{"a":"1","\u0061":"2"}`, `the key "a" comes twice`},
		{`{"s":1,"ſ":2}`, `the key "ſ" comes twice`},
		{"{\n\"emails\": [{\"value\":1},{\"Type\":1,\"type\":2}]}", `line 2, column 34 inside emails[1]: the key "type" comes twice`},
		{`{` + many.String() + `"KEY7":1}`, `the key "KEY7" comes twice`},
		{`{` + many.String() + `"É":1,"é":1}`, `the key "é" comes twice`},
		{strings.Repeat(`{"a":`, 32) + `{}` + strings.Repeat(`}`, 32), "nested more than 32 levels"},
		{`{"a":` + strings.Repeat(`[`, 100000), "nested more than 32 levels"},
	} {
		got, err := Decode([]byte(c.in), Limits{})
		var e *Error
		if !errors.As(err, &e) || e.Type != InvalidSyntax || !strings.Contains(e.Detail, c.want) {
			t.Errorf("%s: got error %v, want %q", shorten(c.in, 80), err, c.want)
		}
		if got != nil {
			t.Errorf("%s: a document came with the error", shorten(c.in, 80))
		}
	}
}

func TestFold(t *testing.T) {
	letters := []string{"k", "K", "\u212a", "s", "S", "ſ", "é", "É", "i", "I", "İ", "ı", "ß", "ẞ", "σ", "ς", "Σ", "1", "_"}
	for _, a := range letters {
		for _, b := range letters {
			if strings.EqualFold(a, b) != (fold(a) == fold(b)) {
				t.Errorf("%s and %s: fold makes %s and %s", a, b, fold(a), fold(b))
			}
		}
	}
}

func TestDecodeLimits(t *testing.T) {
	body := []byte(`{"a":{"b":[]}}`)
	if _, err := Decode(body, Limits{Bytes: len(body), Depth: 3}); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	if _, err := Decode(body, Limits{Depth: 2}); err == nil {
		t.Error("above the depth: accepted")
	}
	_, err := Decode(body, Limits{Bytes: len(body) - 1})
	var large *TooLargeError
	if !errors.As(err, &large) || large.Limit != len(body)-1 || large.Bytes != len(body) {
		t.Errorf("above the length: %v", err)
	}
	var many *TooManyError
	if _, err := Decode([]byte(`{"a":[1,"b",{"c":null}]}`), Limits{Values: 5}); err != nil {
		t.Errorf("at the limit of values: %v", err)
	}
	if _, err := Decode([]byte(`{"a":[1,"b",{"c":null}],"d":true}`), Limits{Values: 5}); !errors.As(err, &many) || many.Limit != 5 {
		t.Errorf("above the limit of values: %v", err)
	}
	if _, err := Decode(groupBody(50000), Limits{}); err != nil {
		t.Errorf("50,000 members: %v", err)
	}
}
