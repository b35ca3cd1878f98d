package translate

import (
	"maps"

	"scim2slack/scim"
)

// DefaultExpression is the default mapping of an attribute in the language of rules. The default mapping does more than the expression says:
// a rule with this very text is the default mapping.
func DefaultExpression(a scim.SlackAttribute) string { return defaultExpressions[a] }

var defaultExpressions = map[scim.SlackAttribute]string{
	scim.SlackUserName: "userName", scim.SlackDisplayName: "displayName", scim.SlackGivenName: "name.givenName",
	scim.SlackFamilyName: "name.familyName", scim.SlackHonorificPrefix: "name.honorificPrefix", scim.SlackTitle: "title",
	scim.SlackEmail: "emails.primary", scim.SlackSecondaryEmail: "emails.secondary",
	scim.SlackPrimaryPhone: "phoneNumbers.primary", scim.SlackMobilePhone: "phoneNumbers.mobile",
	scim.SlackStreetAddress: "addresses.streetAddress", scim.SlackLocality: "addresses.locality", scim.SlackRegion: "addresses.region",
	scim.SlackPostalCode: "addresses.postalCode", scim.SlackCountry: "addresses.country",
	scim.SlackPhoto: "photos.primary", scim.SlackProfileURL: "profileUrl", scim.SlackRole: "roles.primary", scim.SlackUserType: "userType",
	scim.SlackPreferredLang: "preferredLanguage", scim.SlackLocale: "locale", scim.SlackTimezone: "timezone",
	scim.SlackEmployeeNumber: "enterprise.employeeNumber", scim.SlackCostCenter: "enterprise.costCenter",
	scim.SlackOrganization: "enterprise.organization", scim.SlackDivision: "enterprise.division",
	scim.SlackDepartment: "enterprise.department", scim.SlackManager: "enterprise.manager", scim.SlackStartDate: "startDate",
	scim.SlackGuestType: "guest.type", scim.SlackGuestExpiration: "guest.expiration",
}

// wish is what a rule wants of one attribute.
type wish struct {
	text   string
	value  any  // the text once more, as it came: an interface that is there already costs nothing
	spoken bool // false: the source says nothing on which the rule depends
}

// rewrite returns the document as the source would have to push it for the default mapping to give what the rules want. So everything that
// the default mapping does to a value it does to the result of a rule. The document is not changed. Errors are *RuleError.
func (r *Rules) rewrite(doc scim.Object, groups []string) (scim.Object, error) {
	if r == nil || len(r.user) == 0 {
		return doc, nil
	}
	b := r.begin(doc, groups, r.userReads)
	defer r.end(b)
	w := rewriter{doc: maps.Clone(doc), from: doc, wishes: make(map[scim.SlackAttribute]wish, len(r.user)), own: map[string]bool{}}
	for i := range r.user {
		c := &r.user[i]
		if c.program == nil {
			if c.When != WhenNever && c.Expression == "" {
				w.wishes[c.Attribute] = wish{spoken: true}
			}
			continue
		}
		got := wish{spoken: c.speaks(doc)}
		if got.spoken {
			value, err := c.run(b, string(c.Attribute))
			if err != nil {
				return nil, err
			}
			got.text, _ = value.(string)
			got.value = value
		}
		w.wishes[c.Attribute] = got
	}
	w.writeAll()
	return w.doc, nil
}

// rewriter makes a document that says what is wished.
type rewriter struct {
	doc    scim.Object // a copy, whose parts are copied before they are changed
	from   scim.Object
	wishes map[scim.SlackAttribute]wish
	own    map[string]bool // the parts of doc that were copied
}

func (w *rewriter) writeAll() {
	for i := range mappings {
		m := &mappings[i]
		wish, ruled := w.wishes[m.slack]
		if !ruled {
			continue
		}
		switch m.attribute {
		case "emails", "phoneNumbers", "addresses": // several Slack attributes come of one list
		case "photos":
			w.single(m, wish, scim.Object{"value": wish.value, "type": "photo"})
		case "roles":
			w.single(m, wish, scim.Object{"value": wish.value, "primary": true})
		case "manager":
			w.place(m.schema, m.attribute, "", wish, scim.Object{"value": wish.value})
		default:
			w.place(m.schema, m.attribute, m.sub, wish, wish.value)
		}
	}
	w.writeEmails()
	w.writePhones()
	w.writeAddress()
}

// single writes a list of one.
func (w *rewriter) single(m *mapping, wish wish, value scim.Object) {
	w.place(m.schema, m.attribute, "", wish, []any{value})
}

// place writes a value at its place, null to clear it, or takes away what is there.
func (w *rewriter) place(schema, attribute, sub string, wish wish, value any) {
	if wish.text == "" {
		value = nil
	}
	at, last := w.doc, attribute
	if schema != "" {
		at = w.part(at, schema, schema, wish.spoken)
	}
	if sub != "" {
		at, last = w.part(at, attribute, schema+":"+attribute, wish.spoken), sub
	}
	switch {
	case at == nil:
	case wish.spoken:
		at[last] = value
	default:
		delete(at, last)
	}
}

// part returns a part of an object that may be changed: it is copied once, and made if it is wanted. nil: there is none.
func (w *rewriter) part(of scim.Object, name, path string, wanted bool) scim.Object {
	inner, _ := of[name].(scim.Object)
	switch {
	case inner == nil && (!wanted || of == nil):
		return nil
	case w.own[path]:
		return inner
	case inner == nil:
		inner = scim.Object{}
	default:
		inner = maps.Clone(inner)
	}
	of[name], w.own[path] = inner, true
	return inner
}

// writeEmails: the primary address first and marked, then the secondary one, or those of the source among which the default mapping chooses it.
func (w *rewriter) writeEmails() {
	primary, rulesPrimary := w.wishes[scim.SlackEmail]
	secondary, rulesSecondary := w.wishes[scim.SlackSecondaryEmail]
	if !rulesPrimary && !rulesSecondary {
		return
	}
	theirs := elements(w.from["emails"], "value")
	if !rulesPrimary {
		chosen, ok := pickEmail(theirs)
		primary = wish{chosen.text, chosen.text, ok}
	}
	if primary.text == "" {
		delete(w.doc, "emails") // and the default mapping says that Slack wants one
		return
	}
	list := []any{scim.Object{"value": primary.value, "primary": true}}
	switch {
	case rulesPrimary && !plausible(primary.text): // the default mapping would take another one, and a rule means its own
	case !rulesSecondary:
		for _, e := range theirs {
			list = append(list, scim.Object{"value": e.text, "type": e.kind})
		}
	case secondary.text != "":
		list = append(list, scim.Object{"value": secondary.value, "type": "other"})
	case secondary.spoken:
		list = append(list, scim.Object{"value": nil, "type": "other"})
	}
	w.doc["emails"] = list
}

func (w *rewriter) writePhones() {
	primary, rulesPrimary := w.wishes[scim.SlackPrimaryPhone]
	mobile, rulesMobile := w.wishes[scim.SlackMobilePhone]
	if !rulesPrimary && !rulesMobile {
		return
	}
	var list []any
	add := func(wish wish, kind string) {
		if wish.text != "" {
			list = append(list, scim.Object{"value": wish.value, "type": kind})
		} else if wish.spoken {
			list = append(list, scim.Object{"value": nil, "type": kind})
		}
	}
	keep := func(eligible test) {
		for _, e := range only(elements(w.from["phoneNumbers"], "value"), eligible) {
			if e.object != nil {
				list = append(list, e.object)
			} else {
				list = append(list, e.text)
			}
		}
	}
	if rulesPrimary {
		add(primary, "work")
	} else {
		keep(isVoice)
	}
	if rulesMobile {
		add(mobile, "mobile")
	} else {
		keep(isType("mobile"))
	}
	if delete(w.doc, "phoneNumbers"); len(list) > 0 {
		w.doc["phoneNumbers"] = list
	}
}

// writeAddress writes one address: the one that the default mapping chooses, with the parts that rules give.
func (w *rewriter) writeAddress() {
	var ruled, spoken bool
	address := scim.Object{}
	if chosen, ok := pick(only(elements(w.from["addresses"], addressTexts...), hasText), isPrimary, isType("work"), anyElement); ok {
		address = maps.Clone(chosen.object)
		if address == nil || onlyFormatted(chosen) {
			address = scim.Object{"streetAddress": chosen.text}
		}
		spoken = true
	}
	for _, part := range addressParts {
		wish, is := w.wishes[scim.SlackAttribute(part)]
		if !is {
			continue
		}
		ruled = true
		if delete(address, part); wish.spoken {
			address[part], spoken = wish.value, true
		}
	}
	switch {
	case !ruled:
	case !spoken:
		delete(w.doc, "addresses")
	default:
		address["primary"] = true
		w.doc["addresses"] = []any{address}
	}
}
