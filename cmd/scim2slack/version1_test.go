package main

import (
	"slices"
	"strings"
	"testing"

	"scim2slack/slacksim"
	"scim2slack/store"
)

// Where Slack does not offer SCIM 2.0, a whole life passes in 1.1, and after the first call nothing else is tried.
func TestLifeWithoutSCIM20(t *testing.T) {
	withEachClient(t, setup{slack: slacksim.Options{V2Gated: true}}, func(g *gateway, d client) {
		boss := person{"boss", "boss@example.com", "Bo", "Ss", "Boss", "Sales"}
		a, b := d.createUser(g, janet, true), d.createUser(g, boss, true)
		group := d.createGroup(g, "Sales", a, b)
		g.settle()
		promoted := janet
		promoted.title, promoted.department = "Head", "Board"
		d.updateUser(g, a, promoted)
		d.rename(g, group, "Vertrieb", a, b)
		g.settle()
		g.holds(promoted, true)
		d.removeMember(g, group, "Vertrieb", b, a)
		d.disable(g, b, boss)
		g.settle()
		g.holds(boss, false)
		if got := g.slackMembers("Vertrieb"); !slices.Equal(got, []string{"jsmith"}) {
			g.Errorf("the group holds %v", got)
		}
		d.removeGroup(g, group)
		g.settle()
		if n := len(g.slack.Groups()); n != 0 {
			g.Errorf("%d groups are left", n)
		}
		second := 0
		for _, c := range g.slack.Calls() {
			if strings.HasPrefix(c.Path, "/scim/v2") {
				second++
			}
		}
		if second > 8 { // the workers that were under way when the first found out
			g.Errorf("%d calls in SCIM 2.0", second)
		}
		if st := g.status(store.User, a); st.Phase != store.Synced {
			g.Errorf("the status is %+v", st)
		}
	})
}
