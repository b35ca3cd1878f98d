package slackapi

import (
	"errors"
	"fmt"
	"time"

	"scim2slack/scim"
)

// User is a Slack user as Slack answered it.
type User struct {
	ID     string
	Active bool
	// Profile has every attribute of scim.SlackAttributes; "" is what Slack left out, said null or keeps empty. A user without
	// enterprise data is answered without those keys (LIVE), which is the same.
	Profile scim.SlackUserProfile
	Groups  []string  // ids of the groups that Slack lists
	Created time.Time // zero if Slack did not say
}

// Group is a Slack group: an IDP group on Enterprise, a user group on Business+.
type Group struct {
	ID, Name string
	Members  []string  // ids, each once, in Slack's order; entries without an id (seen LIVE) are left out
	Created  time.Time // zero if Slack did not say
}

// userOf reads a user. An answer that lacks the id or active is not one: guessing either would do harm.
func userOf(d document) (User, error) {
	id := d.text("id")
	active, said := d.truth("active")
	switch {
	case id == "":
		return User{}, errors.New("the answer has no id")
	case !said:
		return User{}, fmt.Errorf("the answer about %s does not say whether the user is active", id)
	}
	u := User{ID: id, Active: active, Profile: profileOf(d), Created: created(d)}
	for _, group := range d.list("groups") {
		if value := group.text("value"); value != "" {
			u.Groups = append(u.Groups, value)
		}
	}
	return u, nil
}

func profileOf(d document) scim.SlackUserProfile {
	p := make(scim.SlackUserProfile, len(scim.SlackAttributes))
	for _, a := range scim.SlackAttributes {
		p[a] = ""
	}
	for a, name := range topLevel {
		p[a] = d.text(name)
	}
	p[scim.SlackProfileURL] = d.text("profileUrl")
	for a, sub := range nameParts {
		p[a] = d.object("name").text(sub)
	}
	enterprise := d.either(scim.EnterpriseSchema, enterpriseV1)
	for a, name := range enterpriseAttributes {
		p[a] = enterprise.text(name)
	}
	p[scim.SlackManager] = enterprise.object("manager").text("managerId")
	p[scim.SlackStartDate] = d.either(scim.SlackProfileSchema, profileV1).text("startDate")
	guest := d.either(scim.SlackGuestSchema, guestV1)
	p[scim.SlackGuestType], p[scim.SlackGuestExpiration] = guest.text("type"), guest.text("expiration")
	readEmails(p, d.list("emails"))
	readPhones(p, d.list("phoneNumbers"))
	address, _ := primaryOf(d.list("addresses"))
	for _, a := range addressParts {
		p[a] = address.text(string(a))
	}
	role, _ := primaryOf(d.list("roles"))
	p[scim.SlackRole] = role.text("value")
	photo, _ := primaryOf(d.list("photos"))
	p[scim.SlackPhoto] = photo.text("value")
	return p
}

// primaryOf returns the entry with primary:true, else the first. marked tells which, and that it has a value.
func primaryOf(entries []document) (entry document, marked bool) {
	for _, e := range entries {
		if primary, _ := e.truth("primary"); primary {
			return e, e.text("value") != ""
		}
	}
	if len(entries) > 0 {
		return entries[0], false
	}
	return nil, false
}

// readEmails: the primary is marked; the secondary may be there with "" (LIVE).
func readEmails(p scim.SlackUserProfile, entries []document) {
	primary, _ := primaryOf(entries)
	p[scim.SlackEmail] = primary.text("value")
	for i, e := range entries {
		isPrimary, _ := e.truth("primary")
		if isPrimary || i == 0 && e.text("value") == p[scim.SlackEmail] {
			continue
		}
		if value := e.text("value"); value != "" {
			p[scim.SlackSecondaryEmail] = value
			return
		}
	}
}

// readPhones: in an answer type mobile is the mobile phone and primary:true the primary one (LIVE): the reverse of a request.
func readPhones(p scim.SlackUserProfile, entries []document) {
	for _, e := range entries {
		a := scim.SlackMobilePhone
		if primary, _ := e.truth("primary"); primary {
			a = scim.SlackPrimaryPhone
		}
		if value := e.text("value"); value != "" && p[a] == "" {
			p[a] = value
		}
	}
}

func groupOf(d document) (Group, error) {
	g := Group{ID: d.text("id"), Name: d.text("displayName"), Created: created(d)}
	if g.ID == "" {
		return Group{}, errors.New("the answer has no id")
	}
	seen := map[string]bool{}
	for _, member := range d.list("members") {
		if id := member.text("value"); id != "" && !seen[id] {
			seen[id] = true
			g.Members = append(g.Members, id)
		}
	}
	return g, nil
}

// created reads meta.created, e.g. 2020-08-27T10:43:31-07:00 (LIVE).
func created(d document) time.Time {
	text := d.object("meta").text("created")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}
