package translate

import (
	"slices"

	"scim2slack/scim"
)

// Row says where an attribute of a Slack user comes from. The texts are for people.
type Row struct {
	Slack   scim.SlackAttribute
	Source  string // path of the attribute in the source's document, e.g. name.givenName
	Rule    string // how the value is chosen and changed
	Refused string // when the person is refused because of it; "" if never
	LeftOut string // when it is left out with a warning; "" if never
}

// Mapping returns the default mapping, one row for each scim.SlackAttribute in the order of scim.SlackAttributes.
// It is the table that ToUser works by.
func Mapping() []Row {
	rows := make([]Row, len(mappings))
	for i, m := range mappings {
		rows[i] = Row{Slack: m.slack, Source: m.path(), Rule: m.rule, Refused: m.refused, LeftOut: m.leftOut}
	}
	return rows
}

// mapping is a row of the table together with the code that carries it out.
type mapping struct {
	slack                  scim.SlackAttribute
	schema                 string // URN of an extension; "" is the core schema
	attribute, sub         string // sub is "" for an attribute without parts
	rule, refused, leftOut string
	set                    func(*translation, *mapping)
}

// path is the attribute's full SCIM path (RFC 7644 section 3.10).
func (m *mapping) path() string {
	if m.schema == "" {
		return m.label()
	}
	return m.schema + ":" + m.label()
}

// label is the path without the URN, as warnings show it.
func (m *mapping) label() string {
	if m.sub == "" {
		return m.attribute
	}
	return m.attribute + "." + m.sub
}

const (
	asIs        = "as it is"
	chosenPlace = "of the address that is primary, else of type work, else the first; cleared if that address lacks it"
)

// mappings is the table, in the order of scim.SlackAttributes.
var mappings = slices.Concat(identity(), names(), contact(), preferences(), enterprise(), extensions())

func identity() []mapping {
	return []mapping{
		{slack: scim.SlackUserName, attribute: "userName", set: userName,
			rule:    "an e-mail becomes its part before the @; lower case; letters lose their accents; other characters than a-z 0-9 . _ - become _; of more than 21 characters the first 15, - and 5 that depend on all of it, with a warning",
			refused: "missing; no letter or digit in it; over 1,024 bytes",
			leftOut: "of an inactive user: Entra's name of a deleted user"},
		{slack: scim.SlackEmail, attribute: "emails", set: primaryEmail,
			rule:    "the address that is primary, else of type work, else the first",
			refused: "no address at all that can be one",
			leftOut: "not an e-mail address (the next one is taken); of an inactive user: Entra's name of a deleted user"},
		{slack: scim.SlackSecondaryEmail, attribute: "emails", set: secondaryEmail,
			rule:    "the next different address, of type home or other if there is one",
			leftOut: "not an e-mail address"},
	}
}

func names() []mapping {
	return []mapping{
		{slack: scim.SlackDisplayName, attribute: "displayName", set: simple(displayName),
			rule:    "without @ and emoji, cut to 80 characters, each with a warning; an e-mail becomes its part before the @",
			leftOut: "nothing remains"},
		{slack: scim.SlackGivenName, attribute: "name", sub: "givenName", set: simple(nil), rule: asIs,
			leftOut: "blank, unless there is a family name"},
		{slack: scim.SlackFamilyName, attribute: "name", sub: "familyName", set: simple(nil), rule: asIs,
			leftOut: "blank, unless there is a given name"},
		{slack: scim.SlackHonorificPrefix, attribute: "name", sub: "honorificPrefix", set: simple(nil), rule: asIs},
		{slack: scim.SlackTitle, attribute: "title", set: simple(nil), rule: asIs},
	}
}

func contact() []mapping {
	return []mapping{
		{slack: scim.SlackPrimaryPhone, attribute: "phoneNumbers", set: primaryPhone,
			rule: "the number of type work, else the primary one, else the first; never one of type mobile, fax or pager"},
		{slack: scim.SlackMobilePhone, attribute: "phoneNumbers", set: mobilePhone, rule: "the number of type mobile"},
		{slack: scim.SlackStreetAddress, attribute: "addresses", sub: "streetAddress", set: addressPart,
			rule: chosenPlace + "; formatted stands in for it if that address has nothing else; line breaks become commas"},
		{slack: scim.SlackLocality, attribute: "addresses", sub: "locality", set: addressPart, rule: chosenPlace},
		{slack: scim.SlackRegion, attribute: "addresses", sub: "region", set: addressPart, rule: chosenPlace},
		{slack: scim.SlackPostalCode, attribute: "addresses", sub: "postalCode", set: addressPart, rule: chosenPlace},
		{slack: scim.SlackCountry, attribute: "addresses", sub: "country", set: addressPart, rule: chosenPlace},
	}
}

func preferences() []mapping {
	return []mapping{
		{slack: scim.SlackTimezone, attribute: "timezone", set: simple(timezone),
			rule: "an IANA name, such as Europe/Berlin, in any letter case", leftOut: "any other name"},
		{slack: scim.SlackLocale, attribute: "locale", set: simple(locale),
			rule: "en, en-US or en_US; - becomes _", leftOut: "any other form"},
		{slack: scim.SlackPreferredLang, attribute: "preferredLanguage", set: simple(preferredLanguage),
			rule: "the first language of the list, in the form of locale", leftOut: "any other form"},
		{slack: scim.SlackUserType, attribute: "userType", set: simple(nil), rule: asIs},
		{slack: scim.SlackRole, attribute: "roles", set: role,
			rule:    "one: the primary one, else the first; its value, else its display; of a JSON text its displayName, else its value",
			leftOut: "a JSON text without displayName and value"},
		{slack: scim.SlackPhoto, attribute: "photos", set: photo,
			rule: "the one of type photo, else the first", leftOut: "neither an http nor an https nor a data URL"},
		{slack: scim.SlackProfileURL, attribute: "profileUrl", set: simple(nil), rule: asIs},
	}
}

func enterprise() []mapping {
	row := func(slack scim.SlackAttribute, attribute string) mapping {
		return mapping{slack: slack, schema: scim.EnterpriseSchema, attribute: attribute, set: simple(nil), rule: asIs}
	}
	return []mapping{
		row(scim.SlackEmployeeNumber, "employeeNumber"),
		row(scim.SlackCostCenter, "costCenter"),
		row(scim.SlackOrganization, "organization"),
		row(scim.SlackDivision, "division"),
		row(scim.SlackDepartment, "department"),
		{slack: scim.SlackManager, schema: scim.EnterpriseSchema, attribute: "manager", set: manager,
			rule:    "the Slack account of the person whose id, externalId, userName or e-mail is the manager's value",
			leftOut: "the manager has no value"},
	}
}

func extensions() []mapping {
	return []mapping{
		{slack: scim.SlackStartDate, schema: scim.SlackProfileSchema, attribute: "startDate", set: simple(startDate),
			rule: "the day as the source spells it; the time of day is dropped", leftOut: "neither a date nor a date with a time"},
		{slack: scim.SlackGuestType, schema: scim.SlackGuestSchema, attribute: "type", set: strict(guestType),
			rule: "multi", refused: "anything but multi: Slack makes only guests of several channels"},
		{slack: scim.SlackGuestExpiration, schema: scim.SlackGuestSchema, attribute: "expiration", set: strict(guestExpiration),
			rule:    "a date with a time and an offset (RFC 3339), sent in UTC",
			refused: "any other form; an expiration without the type multi"},
	}
}
