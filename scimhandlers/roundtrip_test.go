package scimhandlers

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim2slack/scim"
	"scim2slack/store"
)

// advertised is one attribute or part of /Schemas, as a client finds it.
type advertised struct {
	path        string // as in a filter or a PATCH
	urn         string // of its extension, "" for the core
	name, sub   string
	description scim.Object
	many        bool // the attribute has many values
}

func (w *world) advertised(t store.Type) (all []advertised) {
	for _, r := range w.must(200, "GET", "/Schemas", nil).body.List("Resources") {
		doc := r.(scim.Object)
		urn := doc.String("id")
		if (urn == scim.GroupSchema) != (t == store.Group) {
			continue
		}
		prefix := urn + ":"
		if urn == scim.UserSchema || urn == scim.GroupSchema {
			urn, prefix = "", ""
		}
		for _, v := range doc.List("attributes") {
			a := v.(scim.Object)
			one := advertised{urn: urn, name: a.String("name"), path: prefix + a.String("name"), description: a, many: a["multiValued"] == true}
			subs := a.List("subAttributes")
			if len(subs) == 0 {
				all = append(all, one)
			}
			for _, s := range subs {
				part := one
				part.sub = s.(scim.Object).String("name")
				part.path += "." + part.sub
				part.description = s.(scim.Object)
				all = append(all, part)
			}
		}
	}
	return all
}

// value makes a value of the type that is advertised.
func (a advertised) value(text string) any {
	switch a.description.String("type") {
	case "boolean":
		return len(text)%2 == 0
	case "binary":
		return "QUJD"
	case "reference":
		return "https://x.test/" + text
	}
	if values := a.description.List("canonicalValues"); len(values) > 0 {
		return values[len(text)%len(values)]
	}
	return text
}

// literal is that value in a filter.
func (a advertised) literal(text string) string {
	if yes, is := a.value(text).(bool); is {
		return strconv.FormatBool(yes)
	}
	return scim.Quote(a.value(text).(string))
}

// in puts a value where the attribute is in a body.
func (a advertised) in(body object, value any) object {
	if a.sub != "" {
		part := object{}
		switch { // a type or a mark alone says nothing
		case a.name == "addresses":
			part["locality"] = "Bern"
		case a.many:
			part["value"] = "QUJD"
		}
		part[a.sub] = value
		value = part
	}
	if a.many {
		value = []any{value}
	}
	if a.urn == "" {
		body[a.name] = value
	} else {
		body[a.urn] = object{a.name: value}
	}
	return body
}

// of reads the value out of an answer.
func (a advertised) of(o scim.Object) any {
	if a.urn != "" {
		o = o.Object(a.urn)
	}
	value := o[a.name]
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[0]
	}
	if a.sub == "" {
		return value
	}
	part, _ := value.(scim.Object)
	return part[a.sub]
}

// Every attribute and part that /Schemas advertises as writable comes back as it was sent by POST, PUT and PATCH, can be filtered by and
// cleared; none that it advertises as read-only can be written.
func TestAdvertisedAttributesRoundTrip(t *testing.T) {
	w := newWorld(t)
	tried := 0
	for _, a := range w.advertised(store.User) {
		if a.path == "userName" || a.path == "active" {
			continue // no user is without them
		}
		t.Run(a.path, func(t *testing.T) {
			w.TB = t
			name := strings.Trim(strings.Map(func(r rune) rune {
				if r == ':' || r == '.' || r == '$' {
					return '-'
				}
				return r
			}, a.path), "-")
			if a.description.String("mutability") == "readOnly" {
				w.readOnly(a, name)
				return
			}
			tried++
			same := func(what string, got, want any) {
				t.Helper()
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
			posted := w.must(201, "POST", "/Users", a.in(object{"userName": name}, a.value("one"))).body
			path := "/Users/" + posted.String("id")
			same("POST", a.of(posted), a.value("one"))
			same("GET", a.of(w.must(200, "GET", path, nil).body), a.value("one"))
			same("PUT", a.of(w.must(200, "PUT", path, a.in(object{"userName": name}, a.value("four"))).body), a.value("four"))
			same("PATCH", a.of(w.must(200, "PATCH", path, patchBody(object{"op": "replace", "path": a.path, "value": a.value("three")})).body), a.value("three"))
			for filter, want := range map[string]int{" pr": 1, " eq " + a.literal("three"): 1, " ne " + a.literal("three"): 0} {
				filter = a.path + filter + ` and userName eq "` + name + `"`
				if found := found(w.must(200, "GET", "/Users"+filterQuery(filter), nil)); len(found) != want {
					t.Errorf("the filter %s finds %v", filter, found)
				}
			}
			whole := strings.TrimSuffix(a.path, "."+a.sub)
			same("removed", a.of(w.must(200, "PATCH", path, patchBody(object{"op": "remove", "path": whole})).body), nil)
			same("added", a.of(w.must(200, "PATCH", path, patchBody(object{"op": "add", "value": a.in(object{}, a.value("one"))})).body), a.value("one"))
		})
	}
	w.TB = t
	if tried < 40 {
		t.Errorf("only %d attributes were tried", tried)
	}
}

// readOnly checks that an attribute is ignored in a body and refused as a path.
func (w *world) readOnly(a advertised, name string) {
	w.Helper()
	created := w.must(201, "POST", "/Users", a.in(object{"userName": name}, a.value("mine"))).body
	if a.of(created) == a.value("mine") {
		w.Errorf("%s was written", a.path)
	}
	if got := w.must(400, "PATCH", "/Users/"+created.String("id"), patchBody(object{"op": "replace", "path": a.path, "value": a.value("mine")})); got.body.String("scimType") != "mutability" {
		w.Errorf("%s: %s", a.path, got.Body)
	}
}

// The parts of a member that are advertised are those that are answered, and each of them can be sent back and searched. They are immutable:
// a member is added and removed, and never becomes another one.
func TestAdvertisedMembersRoundTrip(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	group := w.must(201, "POST", "/Groups", object{"displayName": "Eng", "members": []any{object{"value": ann, "display": "Ann"}}}).body
	path := "/Groups/" + group.String("id")
	member := group.List("members")[0].(scim.Object)
	var parts, answered []string
	for _, a := range w.advertised(store.Group) {
		if a.name == "members" {
			parts = append(parts, a.sub)
			w.mustBeImmutable(path, a, bob)
		}
	}
	for name := range member {
		answered = append(answered, name)
	}
	if diff := cmp.Diff(sorted(answered...), sorted(parts...)); diff != "" {
		t.Errorf("advertised and answered (-want +got):\n%s", diff)
	}
	for _, op := range []string{"add", "replace"} { // as it was answered, which changes nothing
		w.must(204, "PATCH", path, patchBody(object{"op": op, "path": "members", "value": []any{member}}))
	}
	if got := w.must(200, "GET", path, nil).body; got.Object("meta").String("version") != group.Object("meta").String("version") {
		t.Errorf("the member that was answered is another one when it is sent: %v", got)
	}
	for name, value := range map[string]string{"value": ann, "type": "User", "display": "Ann", "$ref": member.String("$ref")} {
		if got := found(w.must(200, "GET", "/Groups"+filterQuery("members."+name+" eq "+scim.Quote(value)), nil)); len(got) != 1 {
			t.Errorf("members.%s eq %s finds %v", name, value, got)
		}
	}
	w.must(204, "PATCH", path, patchBody(object{"op": "remove", "path": "members", "value": []any{member}}))
	if left := w.members(group.String("id")); len(left) > 0 {
		t.Errorf("members %v", left)
	}
}

// mustBeImmutable changes a part of a member by its path: it stays as it is, whatever the answer.
func (w *world) mustBeImmutable(path string, a advertised, other string) {
	w.Helper()
	if a.description.String("mutability") != "immutable" {
		w.Errorf("%s is %s", a.path, a.description.String("mutability"))
	}
	before := w.must(200, "GET", path, nil).body
	got := w.send("PATCH", path, patchBody(object{"op": "replace", "path": a.path, "value": other}))
	if got.Code != 204 && got.body.String("scimType") != "mutability" {
		w.Errorf("%s: %d %s", a.path, got.Code, got.Body)
	}
	if diff := cmp.Diff(before, w.must(200, "GET", path, nil).body); diff != "" {
		w.Errorf("%s was changed:\n%s", a.path, diff)
	}
}
