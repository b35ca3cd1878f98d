package admin

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// How old the keys of an issuer are can be watched.
func TestIssuerMetrics(t *testing.T) {
	f := newFixture(t, adminToken)
	f.handler.cfg.IssuerKeys = func() []IssuerKeys {
		return []IssuerKeys{{URL: "https://a.test", Keys: 2, Fetched: time.Now().Add(-time.Hour), Problem: "down"}, {URL: "https://b.test"}}
	}
	w := httptest.NewRecorder()
	f.handler.TCP().ServeHTTP(w, f.request("GET", "/metrics"))
	text := w.Body.String()
	for _, line := range []string{`scim2slack_issuer_keys{url="https://a.test"} 2`, `scim2slack_issuer_keys_failing{url="https://a.test"} 1`, `scim2slack_issuer_keys_age_seconds{url="https://a.test"} 36`,
		`scim2slack_issuer_keys{url="https://b.test"} 0`, `scim2slack_issuer_keys_failing{url="https://b.test"} 0`} {
		if !strings.Contains(text, line) {
			t.Errorf("there is no %s", line)
		}
	}
	if strings.Contains(text, `age_seconds{url="https://b.test"}`) {
		t.Error("keys that were never fetched have an age")
	}
}

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
