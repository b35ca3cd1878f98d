package slacksim

func (c *call) userAnswer(status int, u *User) *answer {
	return jsonAnswer(status, c.userDocument(u))
}

// userDocument renders an account in one of Slack's two forms (LIVE). The
// plain form has no key for what only the enterprise form knows; the enterprise
// form has every key, with null for what is unset.
func (c *call) userDocument(u *User) object {
	us := c.version.urns()
	schemas := []string{us.user}
	if u.EnterpriseForm {
		schemas = append(schemas, us.enterprise)
	}
	if u.ProfileForm {
		schemas = append(schemas, us.profile)
	}
	if u.Guest != nil {
		schemas = append(schemas, us.guest)
	}
	name := object{{"givenName", u.GivenName}, {"familyName", u.FamilyName}}
	if u.EnterpriseForm {
		name = append(name, member{"honorificPrefix", orNull(u.HonorificPrefix)})
	}
	doc := object{
		{"schemas", schemas},
		{"id", u.ID},
		{"externalId", ""}, // in every recorded answer (LIVE)
		{"meta", c.meta("Users", u.ID, c.sim.created(u.Created))},
		{"userName", u.UserName},
		{"nickName", u.UserName},
		{"name", name},
		{"displayName", u.DisplayName},
		{"profileUrl", c.sim.profileURL(u)},
		{"title", u.Title},
		{"timezone", u.Timezone}, // not SCIM's timeZone (LIVE)
		{"active", u.Active},
		{"emails", emailsOf(u)},
		{"photos", []object{{{"value", orString(u.PhotoShown, gravatar(u.Email))}, {"type", "photo"}}}},
	}
	if u.EnterpriseForm {
		doc = append(doc, enterpriseForm(u)...)
		doc = append(doc, member{us.enterprise, enterpriseBlock(u)})
	}
	if u.ProfileForm {
		doc = append(doc, member{us.profile, object{{"startDate", orNull(u.StartDate)}}})
	}
	doc = append(doc, member{"groups", c.groupsOf(u.ID)})
	if u.Guest != nil {
		doc = append(doc, member{us.guest, guestBlock(u.Guest)})
	}
	return doc
}

// meta has these two keys and no others (LIVE).
func (c *call) meta(kind, id, created string) object {
	return object{{"created", created}, {"location", c.version.location(kind, id)}}
}

// emailsOf shows value and primary, never a type (LIVE).
func emailsOf(u *User) []object {
	out := []object{{{"value", u.Email}, {"primary", true}}}
	if u.SecondaryEmail != "" || u.EmptySecondary {
		out = append(out, object{{"value", u.SecondaryEmail}, {"primary", false}})
	}
	return out
}

func enterpriseForm(u *User) object {
	a := u.Address
	return object{
		{"addresses", []object{{
			{"streetAddress", orNull(a.StreetAddress)}, {"locality", orNull(a.Locality)}, {"region", orNull(a.Region)},
			{"postalCode", orNull(a.PostalCode)}, {"country", orNull(a.Country)},
		}}},
		// The labels are the reverse of those in requests (DOC).
		{"phoneNumbers", []object{
			{{"value", orNull(u.MobilePhone)}, {"type", "mobile"}},
			{{"value", orNull(u.PrimaryPhone)}, {"primary", true}},
		}},
		{"userType", orNull(u.UserType)},
		{"roles", []object{{{"value", orNull(u.Role)}, {"primary", true}}}},
		{"preferredLanguage", orNull(u.PreferredLanguage)},
		{"locale", orNull(u.Locale)},
	}
}

func enterpriseBlock(u *User) object {
	return object{
		{"employeeNumber", orNull(u.EmployeeNumber)},
		{"costCenter", orNull(u.CostCenter)},
		{"organization", orNull(u.Organization)},
		{"division", orNull(u.Division)},
		{"department", orNull(u.Department)},
		{"manager", object{{"managerId", orNull(u.ManagerID)}}},
	}
}

func guestBlock(g *Guest) object {
	out := object{{"type", g.Type}}
	if g.Expiration != "" {
		out = append(out, member{"expiration", g.Expiration})
	}
	if len(g.Channels) > 0 {
		channels := make([]object, 0, len(g.Channels))
		for _, ch := range g.Channels {
			channels = append(channels, object{{"value", ch.Value}, {"display", ch.Display}})
		}
		out = append(out, member{"channels", channels})
	}
	return out
}

// groupsOf lists the groups of an account, as reads show them.
func (c *call) groupsOf(id string) []object {
	out := []object{}
	for _, gid := range c.sim.groupIDs {
		if rec := c.sim.groups[gid]; rec.showsMember(id, c.now) {
			g := rec.shown(c.now)
			out = append(out, object{{"value", g.ID}, {"display", g.DisplayName}})
		}
	}
	return out
}
