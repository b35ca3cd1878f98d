package slackapi

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFaultShapes(t *testing.T) {
	for name, row := range map[string]struct {
		body string
		want fault
	}{
		"v1 object":         {`{"Errors":{"description":"no_such_user","code":404}}`, fault{id: "no_such_user", detail: "no_such_user", scim: true}},
		"v1 array":          {`{"Errors":[{"description":"no_such_user","code":"404"}]}`, fault{id: "no_such_user", detail: "no_such_user", scim: true}},
		"v2":                {`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"missing_schema_element","status":400}`, fault{id: "missing_schema_element", detail: "missing_schema_element", scim: true}},
		"v2 string status":  {`{"detail":"long_username (user=x)","status":"400"}`, fault{id: "long_username", detail: "long_username (user=x)", scim: true}},
		"v2 without detail": {`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":404}`, fault{scim: true}},
		"web":               {`{"ok":false,"error":"invalid_auth"}`, fault{id: "invalid_auth", detail: "invalid_auth", scim: true}},
		"web, string":       {`{"ok":"false","error":"ratelimited"}`, fault{id: "ratelimited", detail: "ratelimited", scim: true}},
		"existing user": {`{"Errors":{"description":"bad_email_address (email=a@b.c, reason=email_taken, existing_user=W0AB)","code":400}}`,
			fault{id: "bad_email_address", detail: "bad_email_address (email=a@b.c, reason=email_taken, existing_user=W0AB)", existing: "W0AB", scim: true}},
		"existing user in prose": {`{"detail":"email_taken: the address is in use, existing_user=U9, sorry"}`,
			fault{id: "email_taken", detail: "email_taken: the address is in use, existing_user=U9, sorry", existing: "U9", scim: true}},
		"prose":         {`{"detail":"the user was not found"}`, fault{detail: "the user was not found", scim: true}},
		"HTML":          {"\n <!DOCTYPE html><html>Bad gateway</html>", fault{detail: "an HTML or XML page instead of a SCIM answer (a proxy or a wrong URL?)"}},
		"text":          {"upstream connect\r\nerror", fault{detail: "no SCIM answer but: upstream connect  error"}},
		"empty":         {"", fault{}},
		"other JSON":    {`[1]`, fault{detail: "JSON that is not a SCIM answer"}},
		"a user":        {`{"id":"U1","detail":"x"}`, fault{}},
		"padded sample": {`{"id":"W1","Errors":{"description":"","code":12345}}`, fault{}},
		"a list":        {`{"Resources":[],"Errors":{"description":"","code":1}}`, fault{}},
		"web, fine":     {`{"ok":true}`, fault{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parseFault(newAnswer(400, nil, []byte(row.body), nil)); got != row.want {
				t.Errorf("got  %+v\nwant %+v", got, row.want)
			}
		})
	}
}

func TestRecordedFaults(t *testing.T) {
	for name, want := range map[string]fault{
		"v1_401_invalid_authentication.json":               {id: "invalid_authentication"},
		"v2_401_invalid_authentication_uses_v1_shape.json": {id: "invalid_authentication"},
		"v2_400_missing_schema_element.docs.json":          {id: "missing_schema_element"},
		"v1_400_username_not_allowed.okta.json":            {id: "username_not_allowed"},
		"v1_400_long_username.okta.json":                   {id: "long_username"},
		"v1_400_invalid_name_specials.okta.json":           {id: "invalid_name_specials"},
		"RECONSTRUCTED_v1_400_username_too_long.json":      {id: "username_too_long"},
		"RECONSTRUCTED_v1_username_taken.json":             {id: "username_taken"},
		"RECONSTRUCTED_v1_email_taken.json":                {id: "bad_email_address", existing: "U0123ABCD"},
		"RECONSTRUCTED_v2_email_taken.json":                {id: "email_taken", existing: "U0123ABCD"},
	} {
		got := parseFault(newAnswer(400, nil, sample(t, "errors/"+name), nil))
		if got.id != want.id || got.existing != want.existing || !got.scim {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestParameters(t *testing.T) {
	e := &Error{Detail: "bad_email_address (email=a@b.c, reason=email_taken, existing_user=U1)"}
	if e.Param("reason") != "email_taken" || e.Param("email") != "a@b.c" || e.Param("none") != "" {
		t.Error("the parameters are not read")
	}
	if (&Error{Detail: "no_such_user"}).Param("reason") != "" {
		t.Error("a parameter out of nothing")
	}
}

func TestDetailIsBounded(t *testing.T) {
	got := parseFault(newAnswer(400, nil, []byte(`{"detail":"too_long `+strings.Repeat("é", 5000)+`\nnext"}`), nil))
	if len(got.detail) > maxDetail+len("…") || !utf8.ValidString(got.detail) || got.id != "too_long" {
		t.Errorf("%d bytes, id %s", len(got.detail), got.id)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 7 ": 7 * time.Second, "0": time.Second, "-5": time.Second, "1.5": 2 * time.Second,
		"86400": maxRetryAfter, "1e99": maxRetryAfter, "Inf": maxRetryAfter, "NaN": 0, "": 0, "soon": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       time.Second,
		now.Add(48 * time.Hour).Format(http.TimeFormat):   maxRetryAfter,
	} {
		got, ok := retryAfter(http.Header{"Retry-After": {value}}, now)
		if got != want || ok != (want > 0) {
			t.Errorf("%q: got %s, %v; want %s", value, got, ok, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(400, []byte(`{"Errors":[{"description":"a_b (k=v, existing_user=U1)","code":"400"}]}`))
	f.Add(200, []byte(`{"id":"U1","active":"true","emails":"a","phoneNumbers":[{"primary":"true"},null,3],"groups":{"value":"S"}}`))
	f.Add(200, []byte(`{"Resources":[{}],"totalResults":"1"}`))
	f.Add(503, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		a := newAnswer(status, http.Header{}, body, nil)
		c := call{op: "x", method: http.MethodPatch, byID: true}
		e := classify(c, a, time.Now())
		if e == nil && !a.success() {
			t.Fatal("a failure passes for a success")
		}
		if e != nil && e.Error() == "" || len(parseFault(a).detail) > maxDetail+3 {
			t.Fatal("a message without an end or a beginning")
		}
		if u, err := userOf(a.object); err == nil && (u.ID == "" || u.Profile == nil) {
			t.Fatal("a user without an id")
		}
		_, _ = groupOf(a.object)
	})
}

// No value ends the literal early that is made of it.
func TestFilterLiteral(t *testing.T) {
	ends := func(t rapid.TB, value string) {
		text := literal(value)
		inner := text[1 : len(text)-1]
		for i := 0; i < len(inner); i++ {
			if inner[i] == '\\' {
				i++
			} else if inner[i] == '"' || inner[i] < ' ' {
				t.Fatalf("%q ends the literal of %q early", text, value)
			}
		}
	}
	ends(t, `a"b`)
	ends(t, "x\" or userName pr or userName eq \"\u2028\\")
	rapid.Check(t, func(t *rapid.T) {
		ends(t, strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{`"`, `\`, "\n", "\x00", "\xff", "é", "\u2028", "a", " or "})).Draw(t, "value"), ""))
	})
}
