package translate

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

var update = flag.Bool("update", false, "write what ToUser gives into testdata")

// golden is one file of testdata: a canonical document as a source's push becomes, and what Slack should hold of it.
type golden struct {
	About  string         `json:"about"`
	Source map[string]any `json:"source"`
	User   goldenUser     `json:"user"`
	Error  string         `json:"error,omitempty"`
}

type goldenUser struct {
	Active     bool                         `json:"active"`
	Profile    scim.SlackUserProfile        `json:"profile"`
	Manager    string                       `json:"manager,omitempty"`
	ManagerSet bool                         `json:"managerSet,omitempty"`
	LeftOut    []scim.SlackAttribute        `json:"leftOut,omitempty"`
	Occasions  map[scim.SlackAttribute]When `json:"occasions,omitempty"`
	Warnings   []string                     `json:"warnings,omitempty"`
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var want golden
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			user, err := ToUser(object(want.Source), entra)
			got := golden{About: want.About, Source: want.Source, User: goldenUser(user)}
			if err != nil {
				got.Error = err.Error()
			}
			if *update {
				write(t, file, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func write(t *testing.T, file string, g golden) {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(g); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// object makes an Object of what encoding/json decodes.
func object(in map[string]any) scim.Object {
	out := make(scim.Object, len(in))
	for k, v := range in {
		out[k] = value(v)
	}
	return out
}

func value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return object(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = value(v[i])
		}
		return out
	default:
		return v
	}
}
