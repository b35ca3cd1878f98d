package scim

import (
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
