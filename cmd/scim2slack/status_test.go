package main

import (
	"strings"
	"testing"
	"time"

	"scim2slack/server/admin"
	"scim2slack/store"
)

// The backlog and the turn of one person are told in words.
func TestForecastsAreShown(t *testing.T) {
	var b strings.Builder
	if err := printStatus(&b, admin.Status{Lanes: []admin.Lane{{Lane: "leavers", Waiting: 1, Seconds: 0.4}, {Lane: "creates", Waiting: 1200, Seconds: 403}}}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"1 leavers, in Slack in about 0s", "1200 creates, in Slack in about 7m"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("status does not say %q:\n%s", line, &b)
		}
	}
	wait := 3725.0
	if got := stateText(&admin.Story{Status: &admin.State{Phase: store.Pending, TurnSeconds: &wait}}); got != "pending; its turn at Slack comes in about 1h2m" {
		t.Errorf("explain says %q", got)
	}
	for seconds, want := range map[float64]string{0: "0s", 59.4: "59s", 60: "1m", 3600 * 30: "30h0m"} {
		if got := about(seconds); got != want {
			t.Errorf("%v is %q, want %q", time.Duration(seconds*1e9), got, want)
		}
	}
}
