package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/dialect"
	"scim2slack/reconcile"
	"scim2slack/slacksim"
)

var (
	janet = person{"jsmith", "janet@example.com", "Janet", "Smith", "Cook", "Kitchen"}
	omar  = person{"omar", "omar@example.com", "Omar", "Haddad", "Waiter", "Hall"}
	lin   = person{"lin", "lin@example.com", "Lin", "Wu", "Host", "Hall"}
)

// holds compares what Slack has of a person with what the directory says.
func (g *gateway) holds(p person, active bool) slacksim.User {
	g.Helper()
	u := g.slackUser(p.userName)
	got := person{u.UserName, u.Email, u.GivenName, u.FamilyName, u.Title, u.Department}
	if diff := cmp.Diff(p, got, cmp.AllowUnexported(person{})); diff != "" {
		g.Errorf("Slack's account of %s (-want +got):\n%s", p.userName, diff)
	}
	if u.Active != active {
		g.Errorf("Slack's account of %s is active: %v, want %v", p.userName, u.Active, active)
	}
	return u
}

func (g *gateway) hasMembers(group string, names ...string) {
	g.Helper()
	if diff := cmp.Diff(append([]string{}, names...), g.slackMembers(group)); diff != "" {
		g.Errorf("members of Slack's group %s (-want +got):\n%s", group, diff)
	}
}

// withEachClient runs a test as each push client.
func withEachClient(t *testing.T, s setup, test func(g *gateway, d client)) {
	for _, d := range clients {
		t.Run(string(d.name)+d.root, func(t *testing.T) {
			s.profile, s.root = dialect.Of(d.name), d.root
			inGateway(t, s, func(g *gateway) { test(g, d) })
		})
	}
}

// Capability 1: a user whose userName an account in Slack has already is linked to it and updated; no second account.
func TestCapability1LinkExistingUser(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		id := g.slack.AddUser(slacksim.User{UserName: "jsmith", Email: janet.email, GivenName: "J", FamilyName: "S", Title: "old", Active: true})
		before := len(g.slack.Users())
		d.createUser(g, janet, true)
		g.settle()
		if u := g.holds(janet, true); u.ID != id {
			g.Errorf("linked to %s, want %s", u.ID, id)
		}
		if after := len(g.slack.Users()); after != before {
			g.Errorf("Slack had %d accounts and has %d", before, after)
		}
	})
}

// Capability 2: a user who enters the scope is created in Slack.
func TestCapability2ProvisionUser(t *testing.T) {
	withEachClient(t, setup{wait: 3 * time.Second}, func(g *gateway, d client) {
		d.createUser(g, janet, true)
		g.holds(janet, true) // the request waited for the outcome
		g.settle()
		g.holds(janet, true)
	})
}

// Capability 3: a mapped attribute changes; a user who was disabled is enabled again.
func TestCapability3UpdateUser(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		id := d.createUser(g, janet, true)
		g.settle()
		first := g.holds(janet, true)
		changed := janet
		changed.title, changed.department, changed.email, changed.family = "Chef", "Management", "janet.w@example.com", "Wood"
		d.updateUser(g, id, changed)
		g.settle()
		g.holds(changed, true)
		d.disable(g, id, changed)
		g.settle()
		g.holds(changed, false)
		changed.title = "Owner"
		d.enable(g, id, changed)
		g.settle()
		if u := g.holds(changed, true); u.ID != first.ID {
			g.Errorf("the account changed from %s to %s", first.ID, u.ID)
		}
	})
}

// Capability 4: a user who is disabled, or removed, at the source gets an inactive account in Slack, and the same one on return.
func TestCapability4DeprovisionUser(t *testing.T) {
	for _, remove := range []reconcile.RemoveUser{reconcile.RemoveDisable, reconcile.RemoveDelete} {
		t.Run(string(remove), func(t *testing.T) {
			s := setup{options: func(o *reconcile.Options) { o.RemoveUser = remove }}
			withEachClient(t, s, func(g *gateway, d client) {
				disabled, removed := d.createUser(g, janet, true), d.createUser(g, omar, true)
				g.settle()
				first, second := g.holds(janet, true), g.holds(omar, true)
				d.disable(g, disabled, janet)
				d.removeUser(g, removed)
				g.settle()
				g.holds(janet, false)
				g.holds(omar, false)
				d.enable(g, disabled, janet)
				d.createUser(g, omar, true)
				g.settle()
				if u := g.holds(janet, true); u.ID != first.ID {
					g.Errorf("Janet came back as %s, was %s", u.ID, first.ID)
				}
				if u := g.holds(omar, true); u.ID != second.ID {
					g.Errorf("Omar came back as %s, was %s", u.ID, second.ID)
				}
			})
		})
	}
}

// Capability 5: a group whose name a group in Slack has already is linked to it.
func TestCapability5LinkExistingGroup(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		stranger := g.slack.AddUser(slacksim.User{UserName: "stranger", Email: "stranger@example.com", Active: true})
		id := g.slack.AddGroup(slacksim.Group{DisplayName: "Accounting", Members: []string{stranger}})
		a := d.createUser(g, janet, true)
		d.createGroup(g, "Accounting", a)
		g.settle()
		if found, _ := g.slack.GroupByName("Accounting"); found.ID != id {
			g.Errorf("linked to %s, want %s", found.ID, id)
		}
		if n := len(g.slack.Groups()); n != 1 {
			g.Errorf("Slack has %d groups", n)
		}
		g.hasMembers("Accounting", "jsmith")
	})
}

// Capability 6: a group that enters the scope is created in Slack, with the members who have an account, and the others when they get one.
func TestCapability6ProvisionGroup(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		a, b := d.createUser(g, janet, true), d.createUser(g, omar, true)
		d.createGroup(g, "Staff", a, b)
		g.settle()
		g.hasMembers("Staff", "jsmith", "omar")
	})
}

// Capability 7: a group that is renamed at the source is renamed in Slack and stays the same group.
func TestCapability7RenameGroup(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		a := d.createUser(g, janet, true)
		id := d.createGroup(g, "Staff", a)
		g.settle()
		before, _ := g.slack.GroupByName("Staff")
		d.rename(g, id, "Crew", a)
		g.settle()
		after, _ := g.slack.GroupByName("Crew")
		if before.ID != after.ID || len(g.slack.Groups()) != 1 {
			g.Errorf("%s became %s; Slack has %d groups", before.ID, after.ID, len(g.slack.Groups()))
		}
		g.hasMembers("Crew", "jsmith")
	})
}

// Capability 8: Slack's members become exactly the source's, whether the membership changed through the group or through the user.
func TestCapability8Membership(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		a, b, c := d.createUser(g, janet, true), d.createUser(g, omar, true), d.createUser(g, lin, true)
		id := d.createGroup(g, "Staff", a, b)
		g.settle()
		d.addMember(g, id, "Staff", c, a, b, c)
		g.settle()
		g.hasMembers("Staff", "jsmith", "lin", "omar")
		d.removeMember(g, id, "Staff", a, b, c)
		g.settle()
		g.hasMembers("Staff", "lin", "omar")
		// Through the user: a leaver is in no group, and is again on return.
		d.disable(g, b, omar)
		g.settle()
		g.hasMembers("Staff", "lin")
		d.enable(g, b, omar)
		g.settle()
		g.hasMembers("Staff", "lin", "omar")
		d.removeUser(g, c)
		g.settle()
		g.hasMembers("Staff", "omar")
	})
}

// Capability 9: a group that is removed at the source is deleted in Slack.
func TestCapability9DeleteGroup(t *testing.T) {
	withEachClient(t, setup{}, func(g *gateway, d client) {
		a := d.createUser(g, janet, true)
		id := d.createGroup(g, "Staff", a)
		g.settle()
		d.removeGroup(g, id)
		g.settle()
		if n := len(g.slack.Groups()); n != 0 {
			g.Errorf("Slack still has %d groups", n)
		}
		g.holds(janet, true)
		g.must("GET", "/Groups/"+id, nil, 404)
	})
}
