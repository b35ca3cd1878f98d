package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"scim2slack/reconcile"
	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/translate"
)

// restart stops the gateway, applies a configuration to its store and starts it with that. The error is that of apply.
func (g *gateway) restart(c *config, approve string) (verdict, error) {
	g.Helper()
	g.stop()
	options := c.Sources[0].Options
	g.setup.options = func(o *reconcile.Options) { *o = options }
	g.setup.applied = func(st store.Store) (verdict, error) { return c.apply(context.Background(), st, approve) }
	g.start()
	return g.verdict, g.applyErr
}

func (g *gateway) plan(c *config) verdict {
	g.Helper()
	v, err := judge(context.Background(), g.store, map[string]applied{"default": c.Sources[0].applied()}, c, func(int, int) {})
	if err != nil {
		g.Fatal(err)
	}
	return v
}

// configured loads a configuration of one source with the lines given below it.
func configured(t *testing.T, lines string) *config {
	t.Helper()
	text := "slack: {token: xoxp-of-slack-000}\nplan: {maxLeavers: 1000}\nsources:\n  - name: default\n    token: token-of-the-source\n" + lines
	c, faults, _ := load(t, text)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

var configurations = []string{
	"",
	"    scope: userType != \"External\"\n",
	"    scope: '\"slack-users\" in groups'\n",
	"    user:\n      title: userType + \" \" + title\n",
	"    user:\n      title: null\n      department: {constant: Kitchen}\n",
	"    scope: title != \"Chef\"\n    user:\n      title: split(externalId, \"-\")[1]\n",
	"    createUsers: false\n",
	"    group: {name: upper(displayName)}\n",
	"    group: {scope: displayName startsWith \"team\"}\n",
	"    updateUsers: false\n    user: {title: upper(title)}\n",
	"    disableUsers: false\n    scope: userType == \"External\"\n",
	"    user:\n      displayName: {value: upper(userName), when: create}\n      title: {when: empty}\n",
}

// However the configuration changes: a plan tells what will happen, it is empty after it was applied, and then Slack holds what the new
// configuration wants of everybody.
func TestPlanIsEmptyAfterItWasApplied(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			inGateway(t, setup{}, func(g *gateway) {
				if _, err := g.restart(configured(t, configurations[rnd.IntN(len(configurations))]), ""); err != nil {
					t.Fatal(err)
				}
				var ids []string
				for i := range 12 {
					ids = append(ids, g.must("POST", "/Users", map[string]any{"userName": fmt.Sprint("p", i), "active": rnd.IntN(6) > 0,
						"externalId": []string{fmt.Sprint("x-", i), fmt.Sprint(i)}[rnd.IntN(2)], "title": []string{"Cook", "Chef"}[rnd.IntN(2)],
						"userType": []string{"Employee", "External"}[rnd.IntN(2)], "emails": memberList(fmt.Sprintf("p%d@example.com", i))}, 201).String("id"))
				}
				g.must("POST", "/Groups", map[string]any{"displayName": "slack-users", "members": memberList(ids[:6]...)}, 201)
				g.must("POST", "/Groups", map[string]any{"displayName": "team-a", "members": memberList(ids[6:]...)}, 201)
				g.settle()
				for range 4 {
					lines := configurations[rnd.IntN(len(configurations))]
					next := configured(t, lines)
					t.Logf("then %q", lines)
					plan := g.plan(next)
					before := g.active()
					applied, err := g.restart(next, "")
					if err != nil || applied.ID != plan.ID {
						t.Fatalf("applied %s, planned %s: %v", applied.ID, plan.ID, err)
					}
					g.settle()
					if again := g.plan(next); again.ID != "" || len(again.Changes) > 0 {
						t.Errorf("the plan is not empty: %+v", again.Changes)
					}
					after := g.active()
					people := map[reconcile.Effect]int{}
					for _, change := range plan.Changes {
						if change.Key.Type == store.Group {
							continue
						}
						people[change.Effect]++
						if change.Effect == reconcile.Leaves && slices.Contains(after, change.Name) || change.Effect == reconcile.Enters && !slices.Contains(after, change.Name) {
							t.Errorf("%s %s by the plan, and active are %v", change.Name, change.Effect, after)
						}
					}
					if left := len(before) + people[reconcile.Enters] - people[reconcile.Leaves]; left != len(after) {
						t.Errorf("%d are active after %v of %d", len(after), plan.Counts, len(before))
					}
					g.wanted(next)
					g.wantedGroups(next)
				}
			})
		})
	}
}

// wantedGroups checks that Slack has the groups that a configuration wants, by their names.
func (g *gateway) wantedGroups(c *config) {
	g.Helper()
	want, got := []string{}, []string{}
	for _, name := range []string{"slack-users", "team-a"} {
		doc := scim.Object{"displayName": name}
		group, err := translate.ToGroup(doc, c.Sources[0].Options.Rules)
		if in, _ := c.Sources[0].Options.Rules.GroupInScope(doc); in && err == nil {
			want = append(want, group.Name)
		}
	}
	for _, group := range g.slack.Groups() {
		got = append(got, group.DisplayName)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		g.Errorf("Slack has the groups %v, want %v", got, want)
	}
}

// wanted checks that Slack holds of everybody what a configuration wants.
func (g *gateway) wanted(c *config) {
	g.Helper()
	options := c.Sources[0].Options
	err := g.store.View(context.Background(), func(tx store.Tx) error {
		for r, err := range tx.ResourcesAfter("default", store.User, "") {
			if err != nil {
				return err
			}
			link, err := tx.Link(r.Key)
			groups := []string{"slack-users"} // nobody else is active where that matters
			if in, _ := options.Rules.InScope(r.Document, groups); err != nil || !link.Active || !in || !options.UpdateUsers {
				continue
			}
			want, err := translate.ToUser(r.Document, translate.Options{Rules: options.Rules, Groups: groups})
			account := g.slackUser(r.Document.String("userName"))
			title, wished := want.Profile["title"]
			if when := want.Occasions["title"]; err == nil && wished && when != translate.WhenEmpty && account.Title != title {
				g.Errorf("%s has the title %q, want %q", account.UserName, account.Title, title)
			}
		}
		return nil
	})
	if err != nil {
		g.Error(err)
	}
}

// A configuration that would put out more people than a person said is not applied, and changes nothing; approved, it is.
func TestTooManyLeaversAreRefused(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		for _, p := range manyPeople(8) {
			pingFederate().createUser(g, p, true)
		}
		g.settle()
		next := configured(t, "    scope: userType == \"Nobody\"\n")
		next.MaxLeavers = -1 // the larger of 5 and 1%
		if v := g.plan(next); !v.Refused || v.Counts[reconcile.Leaves] != 8 || v.MaxLeavers != 5 || v.Calls["updateUser"] != 8 {
			t.Errorf("the verdict is %+v", v)
		}
		v, err := next.apply(context.Background(), g.store, "")
		if refused := (*refusedPlanError)(nil); !errors.As(err, &refused) {
			t.Fatalf("applied: %v", err)
		}
		if n := len(g.pending()); n != 0 {
			t.Errorf("%d are pending", n)
		}
		if _, err := next.apply(context.Background(), g.store, "another-plan"); err == nil {
			t.Error("another plan was approved")
		}
		if _, err := g.restart(next, v.ID); err != nil {
			t.Fatal(err)
		}
		g.settle()
		if got := g.active(); len(got) != 0 {
			t.Errorf("active are %v", got)
		}
	})
}

// A plan of rules that the gateway does not take, as of another version, is refused: judged without them it would be another plan.
func TestPlanOfUnknownRules(t *testing.T) {
	inGateway(t, setup{}, func(g *gateway) {
		next := applied{Options: reconcile.DefaultOptions(), Rules: translate.RuleSet{Scope: translate.Rule{Expression: "isMember(title)"}}}
		_, err := judge(context.Background(), g.store, map[string]applied{"default": next}, defaultConfig(), func(int, int) {})
		if err == nil || !strings.Contains(err.Error(), "scope") || !strings.Contains(err.Error(), "isMember") {
			t.Errorf("judged: %v", err)
		}
	})
}
