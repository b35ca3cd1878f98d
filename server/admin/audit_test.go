package admin

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/store"
)

// The answers of the audit come from the newest records that fit, oldest first; what a person did with the name of somebody forgotten is found by the id.
func TestAuditQuery(t *testing.T) {
	f := newFixture(t, "")
	key := store.Key{Source: "default", Type: store.User, ID: "u9"}
	began := time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC)
	f.update(func(tx store.Tx) error {
		for n := range 50 {
			a := store.Audit{Time: began.Add(time.Duration(n) * time.Minute), Actor: "source:default", Key: key, Event: "resource.patched", Generation: uint64(n)}
			if n%10 == 9 {
				a.Actor, a.Event, a.Key = "admin:ann", "admin.retry", store.Key{Source: "okta", Type: store.User, ID: "u1"}
			}
			if err := tx.AppendAudit(a); err != nil {
				return err
			}
		}
		return nil
	})
	for query, want := range map[string][]uint64{
		"?limit=3": {47, 48, 49}, "?actor=admin&limit=2": {39, 49}, "?actor=admin:ann&event=admin&limit=1": {49}, "?actor=adm": nil, "?event=resource.patch": nil,
		"?who=u9&limit=2": {47, 48}, "?since=2026-11-03T08:47:00Z": {47, 48, 49}, "?until=2026-11-03T08:02:00Z": {0, 1}, "?who=u1&until=2026-11-03T08:10:00Z": {9},
	} {
		r, w := httptest.NewRequest("GET", "/admin/v1/audit"+query, nil), httptest.NewRecorder()
		f.handler.auditQuery(w, r)
		var got []uint64
		for line := range strings.Lines(w.Body.String()) {
			var record Record
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Errorf("%s: %v: %s", query, err, line)
			}
			got = append(got, record.Generation)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}
