package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"scim2slack/reconcile"
	"scim2slack/scim"
	"scim2slack/slacksim"
	"scim2slack/store"
	"scim2slack/translate"
)

// ruled gives a source rules and a scope.
func ruled(t *testing.T, scope string, rules ...translate.Rule) setup {
	t.Helper()
	compiled, faults := translate.CompileRules(translate.RuleSet{User: rules, Scope: translate.Rule{Expression: scope, Place: "rules.yaml:1"}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return setup{slack: slacksim.Options{NoLimits: true}, options: func(o *reconcile.Options) { o.Rules = compiled }}
}

// active lists the userNames of the active accounts, sorted, without the owner of the token.
func (g *gateway) active() []string {
	names := []string{}
	for _, u := range g.slack.Users() {
		if u.Active && u.ID != g.slack.TokenUser() {
			names = append(names, u.UserName)
		}
	}
	slices.Sort(names)
	return names
}

// Whoever is in the scope is in Slack, whether it is an attribute or a membership that brings them in or puts them out, and whatever the order of
// events: as if everything had been so from the start.
func TestScopeInAnyOrder(t *testing.T) {
	const scope = `"slack-users" in groups and userType != "External"`
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inGateway(t, ruled(t, scope), func(g *gateway) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				type somebody struct {
					id, kind        string
					active, removed bool
				}
				var people []*somebody
				names := []string{"slack-users", "others"}
				groups := make([]string, 2)
				members := [2]map[int]bool{{}, {}}
				for i := range 6 {
					p := &somebody{kind: "Employee", active: true}
					p.id = g.must("POST", "/Users", map[string]any{"userName": fmt.Sprint("p", i), "userType": p.kind, "emails": memberList(fmt.Sprintf("p%d@example.com", i))}, 201).String("id")
					people = append(people, p)
				}
				for i := range groups {
					groups[i] = g.must("POST", "/Groups", map[string]any{"displayName": names[i]}, 201).String("id")
				}
				for range 40 {
					i, at := rnd.IntN(len(people)), rnd.IntN(2)
					p, user, group := people[i], "/Users/"+people[i].id, "/Groups/"+groups[at]
					switch rnd.IntN(8) {
					case 0, 1:
						if !p.removed {
							g.must("PATCH", group, patch(op("add", "members", memberList(p.id))), 200, 204)
							members[at][i] = true
						}
					case 2:
						g.must("PATCH", group, patch(op("remove", fmt.Sprintf("members[value eq %q]", p.id), nil)), 200, 204)
						delete(members[at], i)
					case 3:
						if p.kind = []string{"Employee", "External"}[rnd.IntN(2)]; !p.removed {
							g.must("PATCH", user, patch(op("replace", "userType", p.kind)), 200, 204)
						}
					case 4:
						if p.active = rnd.IntN(3) > 0; !p.removed {
							g.must("PATCH", user, patch(op("replace", "active", p.active)), 200, 204)
						}
					case 5: // a group gets another name, or its own again
						if base, renamed := strings.CutSuffix(names[at], "-old"); renamed {
							names[at] = base
						} else {
							names[at] += "-old"
						}
						g.must("PATCH", group, patch(op("replace", "displayName", names[at])), 200, 204)
					case 6:
						if rnd.IntN(3) == 0 {
							g.must("DELETE", group, nil, 204)
							members[at] = map[int]bool{}
							groups[at] = g.must("POST", "/Groups", map[string]any{"displayName": names[at]}, 201).String("id")
						}
					case 7:
						time.Sleep(time.Duration(rnd.IntN(20)) * time.Second)
						if rnd.IntN(10) == 0 && !p.removed {
							g.must("DELETE", user, nil, 204)
							p.removed = true
							delete(members[0], i)
							delete(members[1], i)
						}
					}
				}
				g.settle()
				want := []string{}
				for i, p := range people {
					if !p.removed && p.active && p.kind == "Employee" && names[0] == "slack-users" && members[0][i] {
						want = append(want, fmt.Sprint("p", i))
					}
				}
				if got := g.active(); !slices.Equal(got, want) {
					t.Errorf("active are %v, want %v", got, want)
				}
			})
		})
	}
}

// Who leaves the scope is a leaver, who comes into it again gets the same account, and who never was in it is kept and not created.
func TestScopeByAttribute(t *testing.T) {
	inGateway(t, ruled(t, `enterprise.department != "Kitchen"`), func(g *gateway) {
		d := pingFederate()
		cook, clerk := janet, omar
		cook.department, clerk.department = "Kitchen", "Office"
		outside := d.createUser(g, cook, true)
		inside := d.createUser(g, clerk, true)
		g.settle()
		if got := g.active(); !slices.Equal(got, []string{clerk.userName}) {
			t.Errorf("active are %v", got)
		}
		if st := g.status(store.User, outside); st.Phase != store.Skipped || st.Reason != "scope" {
			t.Errorf("who is outside is %s (%s)", st.Phase, st.Reason)
		}
		account := g.slackUser(clerk.userName).ID
		clerk.department, cook.department = "Kitchen", "Office"
		d.updateUser(g, inside, clerk)
		d.updateUser(g, outside, cook)
		g.settle()
		if got := g.active(); !slices.Equal(got, []string{cook.userName}) {
			t.Errorf("active are %v", got)
		}
		if st := g.status(store.User, inside); st.Phase != store.Synced || len(st.Warnings) != 1 {
			t.Errorf("who left the scope is %s, %q", st.Phase, st.Warnings)
		}
		clerk.department = "Office"
		d.updateUser(g, inside, clerk)
		g.settle()
		if u := g.slackUser(clerk.userName); u.ID != account || !u.Active {
			t.Errorf("who came back is %+v", u)
		}
	})
}

// A rule that fails for one person holds that person and nobody else, sends nothing half-made, and keeps no leaver in.
func TestRuleFailsForOnePerson(t *testing.T) {
	rule := translate.Rule{Attribute: scim.SlackTitle, Expression: `split(title, "/")[1]`, Place: "rules.yaml:7"}
	inGateway(t, ruled(t, "", rule), func(g *gateway) {
		d := pingFederate()
		good, bad := janet, omar
		good.title, bad.title = "x/Cook", "x/Clerk"
		d.createUser(g, good, true)
		id := d.createUser(g, bad, true)
		g.settle()
		before := g.slackUser(bad.userName)
		bad.title, bad.family, good.title = "Clerk", "Changed", "x/Chef"
		d.updateUser(g, id, bad)
		d.updateUser(g, g.find("/Users", "userName", good.userName), good)
		g.settle()
		st := g.status(store.User, id)
		if st.Phase != store.Held || st.Reason != "rule" {
			t.Errorf("the person is %s (%s: %s)", st.Phase, st.Reason, st.Message)
		}
		if u := g.slackUser(bad.userName); u.FamilyName != before.FamilyName || u.Title != "Clerk" || g.slackUser(good.userName).Title != "Chef" {
			t.Errorf("Slack holds %+v and %+v", u, g.slackUser(good.userName))
		}
		d.disable(g, id, bad)
		g.settle()
		if g.slackUser(bad.userName).Active {
			t.Error("a rule keeps a leaver in")
		}
	})
}

// What people change in Slack themselves survives where a rule says so.
func TestRuleOccasions(t *testing.T) {
	rules := []translate.Rule{
		{Attribute: scim.SlackDisplayName, Expression: "displayName", When: translate.WhenCreate},
		{Attribute: scim.SlackTitle, Expression: "title", When: translate.WhenEmpty},
		{Attribute: scim.SlackDepartment, Expression: "enterprise.department", When: translate.WhenNever},
	}
	inGateway(t, ruled(t, "", rules...), func(g *gateway) {
		d := pingFederate()
		existing := g.slack.AddUser(slacksim.User{UserName: omar.userName, Email: omar.email, Active: true, DisplayName: "Mr O"})
		id, adopted := d.createUser(g, janet, true), d.createUser(g, omar, true)
		g.settle()
		u := g.slackUser(janet.userName)
		if u.DisplayName != "Janet Smith" || u.Title != janet.title || u.Department != "" {
			t.Errorf("the new account is %+v", u)
		}
		if o := g.slackUser(omar.userName); o.ID != existing || o.DisplayName != "Mr O" || o.Title != omar.title {
			t.Errorf("the adopted account is %+v", o)
		}
		changed := janet
		changed.given, changed.title = "Jane", "Other"
		d.updateUser(g, id, changed)
		d.updateUser(g, adopted, omar)
		g.settle()
		if u = g.slackUser(janet.userName); u.DisplayName != "Janet Smith" || u.Title != janet.title || u.GivenName != "Jane" {
			t.Errorf("the account is %+v", u)
		}
	})
}

// Rules name the groups in Slack and choose those that are there.
func TestGroupRules(t *testing.T) {
	set := translate.RuleSet{GroupName: translate.Rule{Expression: `cn(displayName)`}, GroupScope: translate.Rule{Expression: `not (displayName contains "OU=Private")`}}
	compiled, faults := translate.CompileRules(set)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	inGateway(t, setup{options: func(o *reconcile.Options) { o.Rules = compiled }}, func(g *gateway) {
		d := pingFederate()
		id := d.createUser(g, janet, true)
		staff := d.createGroup(g, "CN=Staff,OU=Groups,DC=example", id)
		private := d.createGroup(g, "CN=Board,OU=Private,DC=example", id)
		g.settle()
		if got := g.slackMembers("Staff"); len(got) != 1 || len(g.slack.Groups()) != 1 {
			t.Errorf("Slack has %v", g.slack.Groups())
		}
		if st := g.status(store.Group, private); st.Phase != store.Skipped || st.Reason != "scope" {
			t.Errorf("the other group is %s (%s)", st.Phase, st.Reason)
		}
		g.must("PATCH", "/Groups/"+private, patch(op("replace", "displayName", "CN=Board,OU=Groups,DC=example")), 200, 204)
		g.must("PATCH", "/Groups/"+staff, patch(op("replace", "displayName", "CN=Staff,OU=Private,DC=example")), 200, 204)
		g.settle()
		if got := g.slackMembers("Board"); len(got) != 1 || len(g.slack.Groups()) != 1 {
			t.Errorf("Slack has %v", g.slack.Groups())
		}
	})
}

// A scope that fails for somebody neither puts them out nor lets them in, and they are told of.
func TestScopeThatFailsPutsNobodyOut(t *testing.T) {
	inGateway(t, ruled(t, `split(title, "/")[1] == "x"`), func(g *gateway) {
		d := pingFederate()
		good, bad := janet, omar
		good.title, bad.title = "Cook/x", "Clerk"
		id := d.createUser(g, good, true)
		never := d.createUser(g, bad, true)
		g.settle()
		good.title = "Cook"
		d.updateUser(g, id, good)
		g.settle()
		if got := g.active(); !slices.Equal(got, []string{good.userName}) {
			t.Errorf("active are %v", got)
		}
		for _, person := range []string{id, never} {
			if st := g.status(store.User, person); st.Phase != store.Held || st.Reason != "rule" {
				t.Errorf("the status is %s (%s)", st.Phase, st.Reason)
			}
		}
	})
}

// Where nested groups are flattened, who is in a group that is in slack-users is in slack-users, whatever changes on the way: as if everything had
// been so from the start.
func TestScopeByNestedGroupsInAnyOrder(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := ruled(t, `"slack-users" in groups`)
			rules := s.options
			s.options = func(o *reconcile.Options) { rules(o); o.NestedGroups = reconcile.NestedFlatten }
			inGateway(t, s, func(g *gateway) {
				rnd := rand.New(rand.NewPCG(seed, 7))
				people, groups := make([]string, 4), make([]string, 4)
				for i := range people {
					people[i] = g.must("POST", "/Users", map[string]any{"userName": fmt.Sprint("p", i), "emails": memberList(fmt.Sprintf("p%d@example.com", i))}, 201).String("id")
				}
				names := []string{"slack-users", "g1", "g2", "g3"}
				for i := range groups {
					groups[i] = g.must("POST", "/Groups", map[string]any{"displayName": names[i]}, 201).String("id")
				}
				members := [4]map[string]bool{{}, {}, {}, {}}
				for range 40 {
					at := rnd.IntN(len(groups))
					member := slices.Concat(people, groups)[rnd.IntN(len(people)+len(groups))]
					group := "/Groups/" + groups[at]
					switch rnd.IntN(8) {
					case 0, 1, 2, 3:
						if member != groups[at] {
							g.must("PATCH", group, patch(op("add", "members", memberList(member))), 200, 204)
							members[at][member] = true
						}
					case 4, 5:
						g.must("PATCH", group, patch(op("remove", fmt.Sprintf("members[value eq %q]", member), nil)), 200, 204)
						delete(members[at], member)
					case 6:
						names[at] = map[string]string{"slack-users": "old", "old": "slack-users"}[names[at]]
						if names[at] == "" {
							names[at] = fmt.Sprint("g", at)
						}
						g.must("PATCH", group, patch(op("replace", "displayName", names[at])), 200, 204)
					case 7:
						if rnd.IntN(3) == 0 {
							g.must("DELETE", group, nil, 204)
							for i := range members {
								delete(members[i], groups[at])
							}
							groups[at], members[at] = g.must("POST", "/Groups", map[string]any{"displayName": names[at]}, 201).String("id"), map[string]bool{}
						} else {
							time.Sleep(time.Duration(rnd.IntN(20)) * time.Second)
						}
					}
				}
				g.settle()
				in := map[string]bool{}
				var fill func(group string)
				fill = func(group string) {
					if i := slices.Index(groups, group); i >= 0 && !in[group] {
						in[group] = true
						for m := range members[i] {
							fill(m)
						}
					} else {
						in[group] = true // a person
					}
				}
				if names[0] == "slack-users" {
					fill(groups[0])
				}
				want := []string{}
				for i, p := range people {
					if in[p] {
						want = append(want, fmt.Sprint("p", i))
					}
				}
				if got := g.active(); !slices.Equal(got, want) {
					t.Errorf("active are %v, want %v", got, want)
				}
			})
		})
	}
}
