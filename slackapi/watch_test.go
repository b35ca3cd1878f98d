package slackapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
)

// Who watches is told of each call, without an id, a query, or what Slack says in words.
func TestWatch(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method {
		case http.MethodGet:
			_, _ = w.Write([]byte(`{"Resources":[],"totalResults":0}`))
		case http.MethodPatch:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"Errors":{"description":"bad_email_address (email=canary@x.test)","code":400}}`))
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	c, err := New(Config{Token: "xoxp-test", SCIMURL: s.URL + "/scim", APIURL: s.URL + "/api/", HTTPClient: s.Client(), Share: 1})
	if err != nil {
		t.Fatal(err)
	}
	var got []Exchange
	ctx := Watch(context.Background(), func(x Exchange) { got = append(got, x) })
	_, _ = c.FindUsers(ctx, LaneWaited, scim.SlackEmail, "canary@x.test")
	active := true
	_, _ = c.UpdateUser(ctx, LaneWaited, "U0CANARY", UserChange{Active: &active, Set: scim.SlackUserProfile{scim.SlackTitle: "canary"}})
	_ = c.DeleteGroup(ctx, LaneGroups, "S0CANARY")
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, _ = c.User(stopped, LaneWaited, "U0CANARY") // never has its turn
	want := []Exchange{{"GET", "/Users", 200, ""}, {"PATCH", "/Users/{id}", 400, "bad_email_address"}, {"DELETE", "/Groups/{id}", 500, "unknown"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
