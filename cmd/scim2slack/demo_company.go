package main

import (
	"fmt"
	"slices"
	"strings"

	"scim2slack/scim"
)

// employee is one person of the demonstration's directory.
type employee struct {
	given, family string
	userName      string
	title         string
	department    string
	active        bool
}

func (e employee) email() string { return e.userName + "@example.com" }

// document is what PingFederate sends of the person: all mapped attributes, each time.
func (e employee) document() scim.Object {
	return scim.Object{
		"schemas":  []any{scim.UserSchema, scim.EnterpriseSchema},
		"userName": e.userName, "active": e.active, "title": e.title, "displayName": e.given + " " + e.family,
		"name":                scim.Object{"givenName": e.given, "familyName": e.family},
		"emails":              []any{scim.Object{"value": e.email(), "type": "work", "primary": true}},
		"timezone":            demoTimezone,
		scim.EnterpriseSchema: scim.Object{"department": e.department},
	}
}

// demoTimezone is where everybody works.
const demoTimezone = "Europe/Berlin"

// company is the directory: people, and groups of userNames by name.
type company struct {
	people []*employee
	groups map[string][]string
	order  []string // names of the groups
}

// departments and their people, five each.
var departments = []struct {
	name, title, people string
}{
	{"Engineering", "Engineer", "Amara Okafor, Bruno Keller, Chiara Conti, Dmitri Volkov, Elif Demir"},
	{"Sales", "Account Manager", "Farid Rahimi, Greta Lindqvist, Hugo Martin, Ines Duarte, Jonas Weber"},
	{"Finance", "Accountant", "Janet Smith, Kofi Mensah, Lena Hoffmann, Marco Rossi, Nadia Haddad"},
	{"Support", "Support Agent", "Olga Petrova, Pedro Alves, Quinn Murphy, Rosa Jimenez, Samir Patel"},
	{"People", "People Partner", "Tanya Ivanova, Uma Krishnan, Viktor Novak, Wanda Kowalska, Xu Ming"},
	{"Operations", "Planner", "Yara Silva, Zoe Laurent, Anton Berg, Bella Fischer, Carlos Ortega"},
}

// newCompany makes 30 people in 6 groups.
func newCompany() *company {
	c := &company{groups: map[string][]string{}}
	for _, d := range departments {
		c.order = append(c.order, d.name)
		for name := range strings.SplitSeq(d.people, ", ") {
			given, family, _ := strings.Cut(name, " ")
			e := &employee{given: given, family: family, userName: strings.ToLower(given[:1] + family), title: d.title, department: d.name, active: true}
			c.people = append(c.people, e)
			c.groups[d.name] = append(c.groups[d.name], e.userName)
		}
	}
	return c
}

// find returns the person of that userName. The names are those of this file.
func (c *company) find(userName string) *employee {
	for _, e := range c.people {
		if e.userName == userName {
			return e
		}
	}
	panic(fmt.Sprintf("the company has no %s", userName))
}

// rename gives a group another name.
func (c *company) rename(from, to string) {
	c.groups[to] = c.groups[from]
	delete(c.groups, from)
	for i, name := range c.order {
		if name == from {
			c.order[i] = to
		}
	}
}

// move takes a person from one group to another.
func (c *company) move(userName, from, to string) {
	c.groups[from] = slices.DeleteFunc(c.groups[from], func(name string) bool { return name == userName })
	c.groups[to] = append(c.groups[to], userName)
}
