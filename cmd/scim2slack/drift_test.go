package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"scim2slack/reconcile"
	"scim2slack/server/admin"
	"scim2slack/slacksim"
)

// explain --live tells what Slack holds otherwise than it should, of people and of groups.
func TestExplainLive(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		d := pingFederate()
		id := d.createUser(g, janet, true)
		d.createUser(g, omar, true)
		group := d.createGroup(g, "Staff", id)
		g.settle()
		account, stranger := g.slackUser(janet.userName).ID, g.slackUser(omar.userName).ID
		live := func(who string) admin.Live {
			var e admin.Explanation
			if g.admin("GET", "/admin/v1/explain?live=true&who="+who, nil, &e); len(e.Stories) != 1 || e.Stories[0].Live == nil {
				t.Fatalf("%+v", e)
			}
			return *e.Stories[0].Live
		}
		if l := live(id); l.Problem != "" || !*l.Active || len(l.Differences) != 0 {
			t.Errorf("as it should be: %+v", l)
		}
		if l := live(group); l.Problem != "" || len(l.Differences)+len(l.Missing)+len(l.Extra) != 0 {
			t.Errorf("as it should be: %+v", l)
		}
		g.inSlack(account, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Queen"},{"op":"replace","path":"active","value":false}]}`)
		slackGroup, _ := g.slack.GroupByName("Staff")
		r, _ := http.NewRequestWithContext(g.Context(), http.MethodPatch, "http://slack.test/scim/v2/Groups/"+slackGroup.ID, strings.NewReader(
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"`+stranger+`"}]}]}`))
		r.Header.Set("Authorization", "Bearer "+slacksim.DefaultToken)
		if a, err := g.slack.Client().Do(r); err != nil || a.Body.Close() != nil {
			t.Fatal(err)
		}
		g.slack.Settle()
		want := []admin.Difference{{Attribute: "title", Applied: janet.title, Holds: "Queen"}}
		if l := live(id); *l.Active || !slices.Equal(l.Differences, want) {
			t.Errorf("changed in Slack: %+v", l)
		}
		if l := live(group); !slices.Equal(l.Extra, []string{stranger}) {
			t.Errorf("changed in Slack: %+v", l)
		}
	})
}

// What somebody changes in Slack behind the gateway's back is found, with the accounts of nobody and those that share an e-mail, and mended if that
// is asked for. A list that does not show somebody proves nothing.
func TestDrift(t *testing.T) {
	s := setup{slack: slacksim.Options{UniquenessOff: true, UserDelay: 5 * time.Minute}}
	inGateway(t, s, func(g *gateway) {
		d := pingFederate()
		id, leaver := d.createUser(g, janet, true), d.createUser(g, omar, true)
		group := d.createGroup(g, "Staff", id)
		g.settle()
		d.disable(g, leaver, omar)
		g.settle()
		drift := func(repair bool) reconcile.Drift {
			var line driftLine
			if code := g.admin("POST", fmt.Sprint("/admin/v1/drift?repair=", repair), nil, &line); code != http.StatusOK || line.Drift == nil {
				t.Fatalf("%d %+v", code, line)
			}
			return *line.Drift
		}
		if got := drift(false); len(got.Differing) != 0 || got.OrphanCount != 0 { // the list shows neither of the two yet
			t.Errorf("as it should be: %+v", got)
		}
		account, gone := g.slackUser(janet.userName), g.slackUser(omar.userName)
		patchTo := func(operations string) string {
			return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
		}
		g.inSlack(account.ID, patchTo(`{"op":"replace","path":"title","value":"Queen"}`))
		g.inSlack(gone.ID, patchTo(`{"op":"replace","path":"active","value":true}`))
		g.slack.AddUser(slacksim.User{UserName: "stranger", Email: strings.ToUpper(janet.email), Active: true})
		slackGroup, _ := g.slack.GroupByName("Staff")
		r, _ := http.NewRequestWithContext(g.Context(), http.MethodPatch, "http://slack.test/scim/v2/Groups/"+slackGroup.ID,
			strings.NewReader(patchTo(`{"op":"remove","path":"members[value eq \"`+account.ID+`\"]"}`)))
		r.Header.Set("Authorization", "Bearer "+slacksim.DefaultToken)
		if a, err := g.slack.Client().Do(r); err != nil || a.Body.Close() != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute) // lists show everybody
		got := drift(false)
		found := map[string]reconcile.Drifted{}
		for _, one := range got.Differing {
			found[one.Key.ID] = one
		}
		if len(found) != 3 || len(found[id].Differences) != 1 || found[id].Differences[0].New != "Queen" || found[leaver].Active == nil || !*found[leaver].Active ||
			!slices.Equal(found[group].Missing, []string{account.ID}) {
			t.Errorf("differing: %+v", got.Differing)
		}
		if got.OrphanCount != 1 || got.Orphans[0].UserName != "stranger" || len(got.Duplicates) != 1 || len(got.Duplicates[0]) != 2 {
			t.Errorf("orphans %+v, duplicates %+v", got.Orphans, got.Duplicates)
		}
		if repaired := drift(true); repaired.Repairing != 3 {
			t.Errorf("repairing %d", repaired.Repairing)
		}
		g.settle()
		if u := g.slackUser(janet.userName); u.Title != janet.title || g.slackUser(omar.userName).Active || len(g.slackMembers("Staff")) != 1 {
			t.Errorf("Slack holds %+v", u)
		}
		if again := drift(false); len(again.Differing) != 0 {
			t.Errorf("after the repair: %+v", again.Differing)
		}
	})
}

// The gateway compares by itself, as often as it is told, over a restart too, and mends if it is told to.
func TestDriftInTheBackground(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		pingFederate().createUser(g, janet, true)
		g.settle()
		account := g.slackUser(janet.userName).ID
		run := func(mode driftMode, within time.Duration) {
			cfg := defaultConfig()
			cfg.Drift = driftConfig{Every: 24 * time.Hour, Mode: mode}
			d := &daemon{cfg: cfg, log: slog.New(slog.DiscardHandler), store: g.store, reconciler: g.reconciler}
			ctx, cancel := context.WithCancel(g.Context())
			ended := make(chan error, 1)
			go func() { ended <- d.compareNowAndThen(ctx) }()
			time.Sleep(within)
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			g.settle()
		}
		g.inSlack(account, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Queen"}]}`)
		if run(driftReport, 23*time.Hour); g.reconciler.Overview().Drift != nil {
			t.Error("it was compared too early")
		}
		if run(driftReport, 2*time.Hour); g.reconciler.Overview().Drift == nil || g.reconciler.Overview().Drift.Differing != 1 {
			t.Errorf("after a day it was %+v", g.reconciler.Overview().Drift)
		}
		if g.slackUser(janet.userName).Title != "Queen" {
			t.Error("a report changed Slack")
		}
		if run(driftRepair, 25*time.Hour); g.slackUser(janet.userName).Title != janet.title {
			t.Error("it was not mended")
		}
	})
}
