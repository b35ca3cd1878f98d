package translate

import (
	"strings"

	"github.com/expr-lang/expr/types"

	"scim2slack/scim"
)

// attribute is what a rule can read of a person.
type attribute struct {
	path   string // as an expression names it
	spoken func(doc scim.Object) bool
	value  func(*bench) any // a string, or a []string; nil: whoever evaluates knows it
	sample any              // of the type of value
}

// readable are the attributes that expressions can name, beside attr(). A text is "" where the source says nothing.
var readable = allAttributes()

var readableIndex = func() map[string]int {
	index := map[string]int{}
	for i, a := range readable {
		index[a.path] = i
	}
	return index
}()

func attributeNamed(path string) (attribute, bool) {
	if i, known := readableIndex[path]; known {
		return readable[i], true
	}
	return attribute{}, false
}

func allAttributes() []attribute {
	// Every source says whether a person is active, and which groups they are in.
	out := []attribute{{path: "active", sample: true}, {path: "groups", sample: []string{}}}
	for _, name := range []string{"userName", "externalId", "displayName", "nickName", "title", "userType", "preferredLanguage", "locale",
		"timezone", "profileUrl"} {
		out = append(out, single(name, "", name, ""))
	}
	for _, part := range []string{"formatted", "givenName", "middleName", "familyName", "honorificPrefix", "honorificSuffix"} {
		out = append(out, single("name."+part, "", "name", part))
	}
	for _, name := range []string{"employeeNumber", "costCenter", "organization", "division", "department"} {
		out = append(out, single("enterprise."+name, scim.EnterpriseSchema, name, ""))
	}
	out = append(out, single("enterprise.manager", scim.EnterpriseSchema, "manager", "value"),
		single("startDate", scim.SlackProfileSchema, "startDate", ""),
		single("guest.type", scim.SlackGuestSchema, "type", ""), single("guest.expiration", scim.SlackGuestSchema, "expiration", ""),
		chosen("emails.primary", func(all []element) string { e, _ := pickEmail(all); return e.text }),
		chosen("emails.secondary", otherEmail))
	for list, kinds := range map[string][]string{"emails": {"work", "home", "other"}, "phoneNumbers": {"work", "mobile", "home", "other"}} {
		for _, kind := range kinds {
			ofKind := isType(kind)
			out = append(out, chosen(list+"."+kind, func(all []element) string { return textAmong(all, ofKind) }))
		}
	}
	for _, list := range []string{"emails", "phoneNumbers", "roles"} {
		out = append(out, attribute{list + ".all", says(list), func(b *bench) any { return textsOf(b.list(list)) }, []string{}})
	}
	out = append(out,
		chosen("phoneNumbers.primary", func(all []element) string {
			return textAmong(only(all, isVoice), isType("work"), isPrimary, anyElement)
		}),
		chosen("roles.primary", func(all []element) string { return textAmong(all, isPrimary, anyElement) }),
		chosen("photos.primary", func(all []element) string { return textAmong(all, isType("photo"), anyElement) }))
	for _, part := range addressTexts {
		out = append(out, attribute{"addresses." + part, says("addresses"), func(b *bench) any { return addressText(b.list("addresses"), part) }, ""})
	}
	return out
}

// single is an attribute of one value.
func single(path, schema, name, sub string) attribute {
	return attribute{path, func(doc scim.Object) bool { _, spoken := lookup(doc, schema, name, sub); return spoken },
		func(b *bench) any { return plainValue(b.doc, schema, name, sub) }, ""}
}

// chosen is one value of a list: path is the name of the list, a dot, and which one.
func chosen(path string, choose func([]element) string) attribute {
	list, _, _ := strings.Cut(path, ".")
	return attribute{path, says(list), func(b *bench) any { return choose(b.list(list)) }, ""}
}

func says(name string) func(scim.Object) bool {
	return func(doc scim.Object) bool { _, spoken := doc[name]; return spoken }
}

// sampleEntry is an entry for the compiler, which wants to know the types. The parts of an attribute are there twice: below its name, so that a
// part that does not exist is a fault with its place, and by their whole path, by which the reader has the program load them.
func sampleEntry() map[string]any {
	sample := map[string]any{"attr": func(string) string { return "" }}
	parts := map[string]types.Map{}
	for _, a := range readable {
		sample[a.path] = a.sample
		if whole, part, has := strings.Cut(a.path, "."); has {
			if parts[whole] == nil {
				parts[whole] = types.Map{}
			}
			parts[whole][part] = types.TypeOf(a.sample)
		}
	}
	for whole, fields := range parts {
		sample[whole] = fields
	}
	return sample
}

// plainValue is plainText without an allocation if the value is a trimmed text already, as most are.
func plainValue(doc scim.Object, schema, name, sub string) any {
	value, _ := lookup(doc, schema, name, sub)
	if text, ok := value.(string); ok && len(text) == len(strings.TrimSpace(text)) {
		return value
	}
	return plainText(doc, schema, name, sub)
}

// plainText is the trimmed text of a single value.
func plainText(doc scim.Object, schema, name, sub string) string {
	value, _ := lookup(doc, schema, name, sub)
	text, _ := textOf(value)
	return strings.TrimSpace(text)
}

// textAmong is the text of the element that the preferences pick.
func textAmong(list []element, preferences ...test) string {
	e, _ := pickAmong(list, hasText, preferences...)
	return e.text
}

func textsOf(list []element) []string {
	out := make([]string, 0, min(len(list), maxList))
	for _, e := range list[:min(len(list), maxList)] {
		if e.text != "" {
			out = append(out, e.text)
		}
	}
	return out
}

func otherEmail(all []element) string {
	primary, _ := pickEmail(all)
	return textAmong(only(all, func(e element) bool { return isPlausible(e) && !strings.EqualFold(e.text, primary.text) }),
		isType("home", "other"), anyElement)
}

// addressText is a part of the address that the default mapping chooses.
func addressText(all []element, part string) string {
	e, _ := pickAmong(all, hasText, isPrimary, isType("work"), anyElement)
	text, _ := textOf(e.object[part])
	return strings.TrimSpace(text)
}

// anyAttribute is what attr(path) reads.
func anyAttribute(path string) attribute {
	schema, name, sub := splitPath(path)
	a := single("attr", schema, name, sub)
	a.value = nil
	return a
}

// attrText is the text of any single-valued attribute of the document; "" if it has none.
func attrText(doc scim.Object, path string) string {
	schema, name, sub := splitPath(path)
	return plainText(doc, schema, name, sub)
}

// splitPath takes a full attribute name apart (RFC 7644 section 3.10): a URN ends at its last colon.
func splitPath(path string) (schema, name, sub string) {
	if at := strings.LastIndexByte(path, ':'); at >= 0 {
		schema, path = path[:at], path[at+1:]
	}
	name, sub, _ = strings.Cut(path, ".")
	return schema, name, sub
}
