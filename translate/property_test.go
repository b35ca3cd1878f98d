package translate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"scim2slack/scim"
)

// texts are values as sources send them, right and wrong, and any text at all.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "ann", "Zoë.Müller@x.test", "ann@x.test", "ANN@x.test", "b@x.test", "not an address", "@", "🎉",
			"Europe/Berlin", "en-US", "en_us", "da;q=0.8", "2024-04-10", "2024-04-10T09:00:00+02:00", "multi", "single", "True", "false",
			"https://x.test/p.png", "data:,x", "{\"displayName\":\"App\\u0007\"}", "{}", "tel:+1", "a\nb", "\u202eabc", "\x00",
			"0f3c6d1e2b4a49c8a1b2c3d4e5f60718ann@x.test", strings.Repeat("long ", 40), strings.Repeat("e\u0301", 60)}),
		rapid.String(),
		rapid.StringMatching(`[a-zA-Z0-9._@+-]{1,40}`),
	)
}

func scalars() *rapid.Generator[any] {
	return rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Float64().AsAny(), texts().AsAny(), texts().AsAny(), texts().AsAny())
}

func objects(names ...string) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		out := scim.Object{}
		for _, name := range names {
			if rapid.Bool().Draw(t, name+" is there") {
				out[name] = scalars().Draw(t, name)
			}
		}
		return out
	})
}

func lists(names ...string) *rapid.Generator[any] {
	element := objects(names...)
	return rapid.OneOf(rapid.SliceOfN(rapid.OneOf(element, element, element, scalars()), 0, 4).AsAny(), element, scalars())
}

// attributes are the generators of each attribute that a document may have.
func attributes() map[string]*rapid.Generator[any] {
	out := map[string]*rapid.Generator[any]{
		"userName": scalars(), "active": scalars(),
		"name":                  rapid.OneOf(objects("givenName", "familyName", "honorificPrefix"), scalars()),
		"emails":                lists("value", "type", "primary"),
		"phoneNumbers":          lists("value", "type", "primary"),
		"photos":                lists("value", "type", "primary"),
		"roles":                 lists("value", "display", "primary"),
		"addresses":             lists("streetAddress", "locality", "region", "postalCode", "country", "formatted", "type", "primary"),
		scim.EnterpriseSchema:   rapid.OneOf(enterpriseObjects(), scalars()),
		scim.SlackProfileSchema: rapid.OneOf(objects("startDate"), scalars()),
		scim.SlackGuestSchema:   rapid.OneOf(objects("type", "expiration"), scalars()),
	}
	for _, name := range []string{"displayName", "title", "userType", "locale", "preferredLanguage", "timezone", "profileUrl"} {
		out[name] = rapid.OneOf(scalars(), scalars(), scalars(), lists("value"))
	}
	return out
}

func enterpriseObjects() *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		out := objects("employeeNumber", "costCenter", "organization", "division", "department").Draw(t, "enterprise").(scim.Object)
		if rapid.Bool().Draw(t, "manager is there") {
			out["manager"] = lists("value", "displayName").Draw(t, "manager")
		}
		return out
	})
}

func documents() *rapid.Generator[scim.Object] {
	all := attributes()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return rapid.Custom(func(t *rapid.T) scim.Object {
		doc := scim.Object{}
		for _, name := range names {
			if rapid.Bool().Draw(t, name+" is there") {
				doc[name] = all[name].Draw(t, name)
			}
		}
		return doc
	})
}

func TestToUserProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "document")
		before := doc.Clone()
		user, err := ToUser(doc, entra)
		again, errAgain := ToUser(doc, entra)
		if diff := cmp.Diff(user, again); diff != "" || text(err) != text(errAgain) {
			t.Fatalf("a second answer: %s, %v, %v", diff, err, errAgain)
		}
		if diff := cmp.Diff(before, doc); diff != "" {
			t.Fatalf("the document changed: %s", diff)
		}
		checkProfile(t, user.Profile)
		checkSpoken(t, doc, user)
		checkMessages(t, doc, append(user.Warnings, text(err)))
		if err == nil && user.Active && (user.Profile[scim.SlackUserName] == "" || user.Profile[scim.SlackEmail] == "") {
			t.Fatalf("an active person passed without a name or an e-mail: %v", user.Profile)
		}
		checkErrors(t, err)
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func checkErrors(t *rapid.T, err error) {
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("%T has no *Error", err)
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if _, ok := e.(*Error); !ok {
				t.Fatalf("%T in a joined error", e)
			}
		}
	}
}

// checkProfile holds a profile to what Slack takes.
func checkProfile(t *rapid.T, p scim.SlackUserProfile) {
	for name, value := range p {
		if fault := faultOf(name, value); fault != "" {
			t.Fatalf("%s %q: %s", name, value, fault)
		}
	}
	given, hasGiven := p[scim.SlackGivenName]
	family, hasFamily := p[scim.SlackFamilyName]
	if (hasGiven || hasFamily) && given+family == "" {
		t.Fatal("a blank name")
	}
	if p[scim.SlackGuestExpiration] != "" && p[scim.SlackGuestType] == "" {
		t.Fatal("an expiration of somebody who is no guest")
	}
	if e := p[scim.SlackSecondaryEmail]; e != "" && strings.EqualFold(e, p[scim.SlackEmail]) {
		t.Fatal("the same address twice")
	}
}

func faultOf(name scim.SlackAttribute, value string) string {
	switch {
	case !utf8.ValidString(value):
		return "not UTF-8"
	case value != strings.TrimSpace(value):
		return "blanks around it"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "a control character"
	case !slices.Contains(scim.SlackAttributes, name), name == scim.SlackManager:
		return "not an attribute of ours to set"
	}
	switch name {
	case scim.SlackUserName:
		return userNameFault(value)
	case scim.SlackEmail:
		if !plausible(value) {
			return "not an address"
		}
	}
	if value == "" {
		return ""
	}
	return formFault(name, value)
}

func formFault(name scim.SlackAttribute, value string) string {
	var err error
	switch name {
	case scim.SlackSecondaryEmail:
		if !plausible(value) {
			return "not an address"
		}
	case scim.SlackDisplayName:
		if utf8.RuneCountInString(value) > 80 || strings.Contains(value, "@") || strings.ContainsAny(value, "🎉\uFE0F") {
			return "Slack refuses it"
		}
	case scim.SlackTimezone:
		_, err = time.LoadLocation(value)
	case scim.SlackLocale, scim.SlackPreferredLang:
		if len(value) > 6 || strings.Contains(value, "-") {
			return "the form"
		}
	case scim.SlackStartDate:
		_, err = time.Parse("2006-01-02T00:00:00+0000", value)
	case scim.SlackGuestType:
		if value != "multi" {
			return "the kind of guest"
		}
	case scim.SlackGuestExpiration:
		_, err = time.Parse(time.RFC3339, value)
	case scim.SlackPhoto:
		if !strings.HasPrefix(strings.ToLower(value), "http") && !strings.HasPrefix(strings.ToLower(value), "data:") {
			return "the scheme"
		}
	}
	return text(err)
}

// checkSpoken finds attributes of which the source never spoke, and attributes both sent and left out.
func checkSpoken(t *rapid.T, doc scim.Object, user User) {
	for _, m := range mappings {
		_, sent := user.Profile[m.slack]
		left := slices.Contains(user.LeftOut, m.slack)
		if m.slack == scim.SlackManager {
			sent = user.ManagerSet
		}
		if sent && left {
			t.Fatalf("%s is both sent and left out", m.slack)
		}
		root := m.attribute
		if m.schema != "" {
			root = m.schema
		}
		value, spoken := doc[root]
		if o, ok := value.(scim.Object); ok && m.schema != "" && o != nil {
			_, spoken = o[m.attribute]
		}
		if (sent || left) && !spoken {
			t.Fatalf("the source never spoke of %s", m.slack)
		}
	}
	if len(user.LeftOut) > len(user.Warnings) {
		t.Fatalf("left out without a word: %v, %q", user.LeftOut, user.Warnings)
	}
}

// checkMessages finds messages that show more than 64 characters of a value.
func checkMessages(t *rapid.T, value any, messages []string) {
	switch v := value.(type) {
	case scim.Object:
		for _, part := range v {
			checkMessages(t, part, messages)
		}
	case []any:
		for _, part := range v {
			checkMessages(t, part, messages)
		}
	case string:
		runes := []rune(strings.TrimSpace(v))
		if len(runes) <= 64 {
			return
		}
		for _, message := range messages {
			if strings.Contains(message, string(runes[:65])) {
				t.Fatalf("a message shows too much: %s", message)
			}
		}
	}
}

func TestTimezonesAreGos(t *testing.T) {
	for _, name := range strings.Fields(timezoneNames) {
		if _, err := time.LoadLocation(name); err != nil {
			t.Error(err)
		}
	}
	if len(timezoneByLower) != len(strings.Fields(timezoneNames)) {
		t.Error("two time zones differ only in letter case")
	}
}
