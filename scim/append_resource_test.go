package scim

import (
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is appended is what Render makes and AppendJSON writes, of documents that clients send as they are and of canonical ones.
func TestAppendResourceIsRender(t *testing.T) {
	names := append([]string{"schemas", "meta", "nickName", "displayName", "groups"}, topNames...)
	rapid.Check(t, func(t *rapid.T) {
		resourceType := rapid.SampledFrom([]*ResourceType{Users, Groups}).Draw(t, "type")
		doc := rapid.OneOf(canonicalDocument(), sentObject(names, 3)).Draw(t, "document")
		text := rapid.SampledFrom([]string{"", "x", `W/"3"`})
		at := rapid.SampledFrom([]time.Time{{}, time.Unix(1712707200, 5678901), time.Date(2024, 4, 10, 1, 2, 3, 0, time.FixedZone("", 3600))})
		m := Meta{ID: text.Draw(t, "id"), Location: text.Draw(t, "location"), Version: text.Draw(t, "version"), Created: at.Draw(t, "created"),
			Modified: at.Draw(t, "modified")}
		want := string(AppendJSON([]byte("["), resourceType.Render(doc, m)))
		if got := string(resourceType.AppendResource([]byte("["), doc, m)); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

// What is appended of a stored document is what is appended of the document.
func TestAppendStoredIsAppendResource(t *testing.T) {
	fast := 0
	rapid.Check(t, func(t *rapid.T) {
		doc := canonicalDocument().Draw(t, "document")
		if rapid.Bool().Draw(t, "without what is empty") {
			doc, _ = withoutEmpty(doc).(Object)
		}
		m := Meta{ID: "u1", Version: rapid.SampledFrom([]string{"", `W/"3"`}).Draw(t, "version")}
		stored := AppendJSON(nil, doc)
		var groups []byte
		answered := maps.Clone(doc)
		if rapid.Bool().Draw(t, "in a group") && answered != nil {
			list := []any{Object{"value": "g1", "display": "é\"\\"}}
			answered["groups"], groups = list, appendValue(nil, list)
		}
		got, ok := Users.AppendStored([]byte("["), stored, groups, m)
		if !ok {
			if string(got) != "[" {
				t.Fatalf("%s was appended", got)
			}
			return
		}
		fast++
		if want := Users.AppendResource([]byte("["), answered, m); string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
	if fast == 0 {
		t.Error("no document took the short way")
	}
}
