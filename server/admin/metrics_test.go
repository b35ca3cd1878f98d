package admin

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What a comparison found can be watched, and nothing is claimed before there was one.
func TestDriftMetrics(t *testing.T) {
	f := newFixture(t, adminToken)
	scrape := func() string {
		w := httptest.NewRecorder()
		f.handler.TCP().ServeHTTP(w, f.request("GET", "/metrics"))
		return w.Body.String()
	}
	if strings.Contains(scrape(), "scim2slack_drift") {
		t.Error("drift is told before Slack was compared")
	}
	f.loop.overview.Drift = &DriftSummary{Time: time.Unix(1000, 0), Accounts: 9, Differing: 2, Orphans: 3, Duplicates: 1}
	text := scrape()
	for _, line := range []string{`scim2slack_drift{kind="differing"} 2`, `scim2slack_drift{kind="orphans"} 3`, `scim2slack_drift{kind="duplicates"} 1`, "scim2slack_drift_timestamp_seconds 1000"} {
		if !strings.Contains(text, line) {
			t.Errorf("there is no %s", line)
		}
	}
}
