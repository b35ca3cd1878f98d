package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"scim2slack/slacksim"
)

// differences tells where Slack holds something else than the company desires; empty if it holds exactly that.
func differences(c *company, slack *slacksim.Sim) (out []string) {
	accounts := map[string]slacksim.User{}
	for _, u := range slack.Users() {
		if _, twice := accounts[u.UserName]; twice {
			out = append(out, "two accounts are named "+u.UserName)
		}
		accounts[u.UserName] = u
	}
	for _, e := range c.people {
		u, there := accounts[e.userName]
		if !there {
			out = append(out, e.userName+" has no account")
			continue
		}
		want := []any{e.email(), e.given, e.family, e.given + " " + e.family, e.title, e.department, demoTimezone, e.active}
		got := []any{u.Email, u.GivenName, u.FamilyName, u.DisplayName, u.Title, u.Department, u.Timezone, u.Active}
		if !slices.Equal(want, got) {
			out = append(out, fmt.Sprintf("%s is %v, desired is %v", e.userName, got, want))
		}
		delete(accounts, e.userName)
	}
	for name, u := range accounts {
		if u.ID != slack.TokenUser() {
			out = append(out, "nobody desires the account "+name)
		}
	}
	for name := range c.groups {
		if _, there := slack.GroupByName(name); !there {
			out = append(out, "there is no group "+name)
		}
	}
	for _, g := range slack.Groups() {
		want := c.membersOf(g.DisplayName)
		if got := memberNames(slack, g); !slices.Equal(want, got) {
			out = append(out, fmt.Sprintf("group %s has %v, desired is %v", g.DisplayName, got, want))
		}
	}
	slices.Sort(out)
	return out
}

// membersOf returns the userNames that a Slack group should hold, sorted: leavers are in none.
func (c *company) membersOf(group string) []string {
	names := []string{}
	for _, name := range c.groups[group] {
		if c.find(name).active {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func memberNames(slack *slacksim.Sim, g slacksim.Group) []string {
	names := []string{}
	for _, id := range g.Members {
		u, _ := slack.User(id)
		names = append(names, u.UserName)
	}
	slices.Sort(names)
	return names
}

// printSlack shows what Slack holds. linked tells of each Slack id how it came to be linked.
func printSlack(w io.Writer, slack *slacksim.Sim, linked map[string]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printLine(t, "\nWhat Slack holds now:\n\n  ACCOUNT\tNAME\tE-MAIL\tTITLE\tACTIVE\tLINKED")
	users := slack.Users()
	slices.SortFunc(users, func(a, b slacksim.User) int { return strings.Compare(a.UserName, b.UserName) })
	for _, u := range users {
		active, how := "yes", linked[u.ID]
		if !u.Active {
			active = "no"
		}
		if u.ID == slack.TokenUser() {
			how = "no: the owner of the token, never touched"
		}
		printf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", u.UserName, u.DisplayName, u.Email, u.Title, active, how)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	printLine(t, "\n  GROUP\tLINKED\tMEMBERS")
	for _, g := range slack.Groups() {
		printf(t, "  %s\t%s\t%s\n", g.DisplayName, linked[g.ID], strings.Join(memberNames(slack, g), ", "))
	}
	printLine(t)
	return t.Flush()
}
