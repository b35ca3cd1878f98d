package slacksim

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// doc is a decoded JSON object.
type doc = map[string]any

// response is an answer with its body read.
type response struct {
	status int
	header http.Header
	text   string
	body   doc
}

// errorText is what an error says, in either shape.
func (r response) errorText() string {
	if e, ok := r.body["Errors"].(doc); ok {
		return e["description"].(string)
	}
	text, _ := r.body["detail"].(string)
	return text
}

// send makes a call with the simulator's token, and fails the test if there is
// no answer.
func send(t *testing.T, s *Sim, method, path string, body any) response {
	t.Helper()
	r, err := try(t, s, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func try(t *testing.T, s *Sim, method, path string, body any) (response, error) {
	t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		reader = strings.NewReader(string(text))
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "https://api.slack.com/scim"+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	return do(s.Client(), req)
}

func do(c *http.Client, req *http.Request) (response, error) {
	res, err := c.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	r := response{status: res.StatusCode, header: res.Header, text: string(text)}
	_ = json.Unmarshal(text, &r.body) // HTML and empty bodies have no object
	return r, err
}

// want fails the test unless the answer has this status, and for errors this
// identifier.
func (r response) want(t *testing.T, status int, id string) response {
	t.Helper()
	got, _, _ := strings.Cut(r.errorText(), " ")
	if r.status != status || got != id {
		t.Fatalf("got %d %s, want %d %s", r.status, r.text, status, id)
	}
	return r
}

func (r response) id(t *testing.T) string {
	t.Helper()
	id, ok := r.body["id"].(string)
	if !ok {
		t.Fatalf("no id in %d %s", r.status, r.text)
	}
	return id
}

func mustUser(t *testing.T, s *Sim, id string) User {
	t.Helper()
	u, ok := s.User(id)
	if !ok {
		t.Fatalf("no user %s", id)
	}
	return u
}

func mustGroup(t *testing.T, s *Sim, id string) Group {
	t.Helper()
	g, ok := s.Group(id)
	if !ok {
		t.Fatalf("no group %s", id)
	}
	return g
}

// recorded reads a JSON document of Slack's.
func recorded(t *testing.T, name string) doc {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var d doc
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// newUser2 is the body of a v2 POST.
func newUser2(userName string, more ...doc) doc {
	d := doc{
		"schemas": []string{urnUser2}, "userName": userName,
		"emails": []doc{{"value": userName + "@example.com", "primary": true}},
	}
	for _, m := range more {
		for k, v := range m {
			d[k] = v
		}
	}
	return d
}

func newGroup2(name string, members ...string) doc {
	list := []doc{}
	for _, m := range members {
		list = append(list, doc{"value": m})
	}
	return doc{"schemas": []string{urnGroup2}, "displayName": name, "members": list}
}

// patch2 is the body of a v2 PATCH.
func patch2(ops ...doc) doc { return doc{"schemas": []string{urnPatch}, "Operations": ops} }

// fast has neither limits nor delays.
func fast(o Options) Options {
	o.NoLimits, o.DeactivationDelay, o.PhotoDelay = true, -1, -1
	return o
}

// shape lists the keys of a document at every depth, with the kinds of values.
// Lists are looked at by the union of their elements.
func shape(v any, path string, out map[string]bool) {
	switch v := v.(type) {
	case doc:
		for k, x := range v {
			shape(x, path+"/"+k, out)
		}
		return
	case []any:
		out[path+" list"] = true
		for _, x := range v {
			shape(x, path+"[]", out)
		}
		return
	case nil:
		out[path+" null"] = true
	case string:
		out[path+" string"] = true
	case bool:
		out[path+" bool"] = true
	case float64:
		out[path+" number"] = true
	}
}

func shapeOf(v any) []string {
	set := make(map[string]bool)
	shape(v, "", set)
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
