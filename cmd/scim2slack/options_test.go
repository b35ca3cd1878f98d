package main

import (
	"fmt"
	"slices"
	"testing"

	"scim2slack/reconcile"
	"scim2slack/slacksim"
	"scim2slack/store"
)

// inBothPositions runs a test with an option on and off, as PingFederate.
func inBothPositions(t *testing.T, set func(*reconcile.Options, bool), test func(g *gateway, d client, on bool)) {
	for _, on := range []bool{true, false} {
		name := "off"
		if on {
			name = "on"
		}
		t.Run(name, func(t *testing.T) {
			s := setup{options: func(o *reconcile.Options) { set(o, on) }}
			inGateway(t, s, func(g *gateway) { test(g, pingFederate(), on) })
		})
	}
}

// skipped checks that the action was due, was not done, and that the status says why.
func (g *gateway) skipped(id, option string) {
	g.Helper()
	if st := g.status(store.User, id); st.Phase != store.Skipped || st.Reason != option {
		g.Errorf("status is %s (%s), want skipped because of %s", st.Phase, st.Reason, option)
	}
}

func TestOptionCreateUsers(t *testing.T) {
	inBothPositions(t, func(o *reconcile.Options, on bool) { o.CreateUsers = on }, func(g *gateway, d client, on bool) {
		existing := g.slack.AddUser(slacksim.User{UserName: "omar", Email: omar.email, Active: true})
		id := d.createUser(g, janet, true)
		d.createUser(g, omar, true)
		g.settle()
		if u := g.holds(omar, true); u.ID != existing {
			g.Error("the existing account is linked in both positions")
		}
		if on {
			g.holds(janet, true)
			return
		}
		if _, there := g.slack.UserByName("jsmith"); there {
			g.Error("created although createUsers is off")
		}
		g.skipped(id, "createUsers")
	})
}

func TestOptionUpdateUsers(t *testing.T) {
	inBothPositions(t, func(o *reconcile.Options, on bool) { o.UpdateUsers = on }, func(g *gateway, d client, on bool) {
		id, other := d.createUser(g, janet, true), d.createUser(g, omar, true)
		g.settle()
		changed := janet
		changed.title = "Chef"
		d.updateUser(g, id, changed)
		d.disable(g, other, omar)
		g.settle()
		g.holds(omar, false)
		d.enable(g, other, omar)
		g.settle()
		if on {
			g.holds(changed, true)
			g.holds(omar, true)
			return
		}
		g.holds(janet, true)
		g.holds(omar, false) // the option governs enabling again
		g.skipped(id, "updateUsers")
		g.skipped(other, "updateUsers")
	})
}

func TestOptionDisableUsers(t *testing.T) {
	inBothPositions(t, func(o *reconcile.Options, on bool) { o.DisableUsers = on }, func(g *gateway, d client, on bool) {
		id, other := d.createUser(g, janet, true), d.createUser(g, omar, true)
		g.settle()
		d.disable(g, id, janet)
		d.removeUser(g, other)
		g.settle()
		g.holds(janet, !on)
		g.holds(omar, !on)
		if !on {
			g.skipped(id, "disableUsers")
		}
	})
}

func TestOptionProvisionDisabledUsers(t *testing.T) {
	inBothPositions(t, func(o *reconcile.Options, on bool) { o.ProvisionDisabledUsers = on }, func(g *gateway, d client, on bool) {
		id := d.createUser(g, janet, false)
		g.settle()
		if on {
			g.holds(janet, false)
		} else if _, there := g.slack.UserByName("jsmith"); there {
			g.Error("an inactive user was created")
		}
		d.enable(g, id, janet)
		g.settle()
		g.holds(janet, true)
	})
}

// Slack may not heed active:false on creation: the account is deactivated right after.
func TestProvisionDisabledUserThatSlackCreatesActive(t *testing.T) {
	s := setup{slack: slacksim.Options{CreateIgnoresActive: true}, options: func(o *reconcile.Options) { o.ProvisionDisabledUsers = true }}
	inGateway(t, s, func(g *gateway) {
		pingFederate().createUser(g, janet, false)
		g.settle()
		g.holds(janet, false)
	})
}

func TestOptionRemoveUser(t *testing.T) {
	for _, remove := range []reconcile.RemoveUser{reconcile.RemoveDisable, reconcile.RemoveDelete, reconcile.RemoveNone} {
		t.Run(string(remove), func(t *testing.T) {
			s := setup{options: func(o *reconcile.Options) { o.RemoveUser = remove }}
			inGateway(t, s, func(g *gateway) {
				d := pingFederate()
				id, other := d.createUser(g, janet, true), d.createUser(g, omar, true)
				g.settle()
				d.disable(g, id, janet)
				d.removeUser(g, other)
				g.settle()
				g.holds(janet, remove == reconcile.RemoveNone)
				g.holds(omar, remove == reconcile.RemoveNone)
				linked := g.linked(id)
				if want := remove != reconcile.RemoveDelete; linked != want {
					g.Errorf("the link of the disabled user is there: %v, want %v", linked, want)
				}
			})
		})
	}
}

// linked reports whether a user has a link.
func (g *gateway) linked(id string) bool {
	g.Helper()
	err := g.store.View(g.Context(), func(tx store.Tx) error {
		_, err := tx.Link(store.Key{Source: "default", Type: store.User, ID: id})
		return err
	})
	return err == nil
}

func TestOptionMatch(t *testing.T) {
	for name, match := range map[string][]string{"userName": {"userName"}, "email": {"email"}, "both": {"userName", "email"}} {
		t.Run(name, func(t *testing.T) {
			s := setup{options: func(o *reconcile.Options) { o.Match = match }}
			inGateway(t, s, func(g *gateway) {
				byName := g.slack.AddUser(slacksim.User{UserName: "omar", Email: "somebody@example.com", Active: true})
				byMail := g.slack.AddUser(slacksim.User{UserName: "janet.old", Email: janet.email, Active: true})
				d := pingFederate()
				first, second := d.createUser(g, janet, true), d.createUser(g, omar, true)
				g.settle()
				if name == "userName" {
					if st := g.status(store.User, first); st.Phase != store.Failed {
						g.Errorf("a taken e-mail that does not match: %s", st.Phase)
					}
				} else if u := g.holds(janet, true); u.ID != byMail {
					g.Errorf("linked to %s, want %s", u.ID, byMail)
				}
				u, _ := g.slack.User(byName)
				if name == "email" {
					if st := g.status(store.User, second); st.Phase != store.Failed || u.Title != "" {
						g.Errorf("a taken userName that does not match: %s; %+v", st.Phase, u)
					}
				} else if u.Title != omar.title || u.Email != "somebody@example.com" {
					g.Errorf("the adopted account is %+v: updated, but never its e-mail", u)
				}
			})
		})
	}
}

func TestOptionGroupMembership(t *testing.T) {
	for _, membership := range []reconcile.Membership{reconcile.MembershipOverwrite, reconcile.MembershipMerge} {
		t.Run(string(membership), func(t *testing.T) {
			s := setup{options: func(o *reconcile.Options) { o.GroupMembership = membership }}
			inGateway(t, s, func(g *gateway) {
				stranger := g.slack.AddUser(slacksim.User{UserName: "stranger", Email: "stranger@example.com", Active: true})
				g.slack.AddGroup(slacksim.Group{DisplayName: "Staff", Members: []string{stranger}})
				d := pingFederate()
				a, b := d.createUser(g, janet, true), d.createUser(g, omar, true)
				id := d.createGroup(g, "Staff", a, b)
				g.settle()
				d.removeMember(g, id, "Staff", a, b)
				g.settle()
				if membership == reconcile.MembershipMerge {
					g.hasMembers("Staff", "omar", "stranger")
				} else {
					g.hasMembers("Staff", "omar")
				}
			})
		})
	}
}

func TestOptionGroupRemove(t *testing.T) {
	for _, remove := range []reconcile.GroupRemove{reconcile.GroupDelete, reconcile.GroupUnlink} {
		t.Run(string(remove), func(t *testing.T) {
			s := setup{options: func(o *reconcile.Options) { o.GroupRemove = remove }}
			inGateway(t, s, func(g *gateway) {
				d := pingFederate()
				a := d.createUser(g, janet, true)
				id := d.createGroup(g, "Staff", a)
				g.settle()
				d.removeGroup(g, id)
				g.settle()
				if n := len(g.slack.Groups()); (n == 0) != (remove == reconcile.GroupDelete) {
					g.Errorf("Slack has %d groups", n)
				}
				d.createGroup(g, "Staff", a) // the name is free again, and an unlinked group is linked anew
				g.settle()
				g.hasMembers("Staff", "jsmith")
			})
		})
	}
}

// The members of groups in groups are members of the outer one, however deep, also if they come later, leave, or if groups are in each other.
func TestOptionNestedGroups(t *testing.T) {
	s := setup{options: func(o *reconcile.Options) { o.NestedGroups = reconcile.NestedFlatten }}
	inGateway(t, s, func(g *gateway) {
		d := pingFederate()
		first, second := d.createUser(g, janet, true), d.createUser(g, omar, true)
		inner := d.createGroup(g, "Inner", first)
		middle := d.createGroup(g, "Middle", inner)
		outer := d.createGroup(g, "Outer", middle)
		g.settle()
		holds := func(name string, want ...string) {
			g.Helper()
			slices.Sort(want)
			if got := g.slackMembers(name); !slices.Equal(got, want) {
				g.Errorf("%s holds %v, want %v", name, got, want)
			}
		}
		holds("Outer", janet.userName)
		g.must("PATCH", "/Groups/"+inner, patch(op("add", "members", memberList(second, outer))), 200, 204) // now they are in each other
		g.settle()
		for _, name := range []string{"Inner", "Middle", "Outer"} {
			holds(name, janet.userName, omar.userName)
		}
		g.must("PATCH", "/Groups/"+inner, patch(op("remove", fmt.Sprintf("members[value eq %q]", first), nil)), 200, 204)
		d.disable(g, second, omar)
		late := person{"late", "late@example.com", "La", "Te", "Cook", "Kitchen"}
		id := d.createUser(g, late, true)
		g.must("PATCH", "/Groups/"+inner, patch(op("add", "members", memberList(id))), 200, 204)
		g.settle()
		holds("Outer", late.userName)
		d.enable(g, second, omar)
		g.settle()
		holds("Outer", late.userName, omar.userName)
		d.removeGroup(g, middle)
		g.settle()
		holds("Outer")
		holds("Inner", late.userName, omar.userName)
	})
}
