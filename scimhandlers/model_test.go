package scimhandlers

import (
	"maps"
	"strings"

	"pgregory.net/rapid"

	"scim2slack/dialect"
	"scim2slack/scim"
)

// model is what a source expects to find: written as simply as can be.
type model struct {
	users  map[string]*modelUser
	groups map[string]*modelGroup
}

// modelUser has its attributes by their paths; one that is cleared or was never said is missing.
type modelUser struct {
	attributes map[string]string
	active     bool
	generation uint64
}

type modelGroup struct {
	name       string
	members    map[string]bool
	generation uint64
}

const (
	departmentPath = scim.EnterpriseSchema + ":department"
	workEmailPath  = `emails[type eq "work"].value`
)

// optional are the attributes of the model that a source may clear, simple ones of the core, parts and those of an extension.
var optional = []string{"title", "displayName", "name.givenName", "name.familyName", departmentPath, workEmailPath}

func (u *modelUser) clone() *modelUser {
	return &modelUser{attributes: maps.Clone(u.attributes), active: u.active, generation: u.generation}
}

func (u *modelUser) equal(other *modelUser) bool {
	return u.active == other.active && maps.Equal(u.attributes, other.attributes)
}

// set gives an attribute a value; "" clears it.
func (u *modelUser) set(path, value string) {
	if value == "" {
		delete(u.attributes, path)
		return
	}
	u.attributes[path] = value
}

// representation is the body of a POST or PUT in the making: paths with their values; "" clears.
type representation struct {
	attributes map[string]string
	active     *bool
}

// apply does what a PUT does.
func (u *modelUser) apply(r representation, put dialect.Put) {
	if put == dialect.PutClear {
		u.attributes = map[string]string{}
	}
	for path, value := range r.attributes {
		u.set(path, value)
	}
	if r.active != nil {
		u.active = *r.active
	}
}

func (r representation) body() object {
	o := object{}
	for path, value := range r.attributes {
		var v any = value
		if value == "" {
			v = nil
		}
		switch {
		case path == departmentPath:
			o[scim.EnterpriseSchema] = object{"department": v}
		case path == workEmailPath && v == nil:
			o["emails"] = nil
		case path == workEmailPath:
			o["emails"] = []any{object{"value": v, "type": "work"}}
		case strings.Contains(path, "."):
			attribute, sub, _ := strings.Cut(path, ".")
			if o[attribute] == nil {
				o[attribute] = object{}
			}
			o[attribute].(object)[sub] = v
		default:
			o[path] = v
		}
	}
	if r.active != nil {
		o["active"] = *r.active
	}
	return o
}

// flatten is what the model would say of a user that was read.
func flatten(o scim.Object) map[string]string {
	got := map[string]string{}
	set := func(path, value string) {
		if value != "" {
			got[path] = value
		}
	}
	for _, name := range []string{"userName", "externalId", "title", "displayName"} {
		set(name, o.String(name))
	}
	for _, name := range []string{"givenName", "familyName"} {
		set("name."+name, o.Object("name").String(name))
	}
	set(departmentPath, o.Object(scim.EnterpriseSchema).String("department"))
	for _, e := range o.List("emails") {
		set(workEmailPath, e.(scim.Object).String("value"))
	}
	return got
}

// spell draws one of the ways in which clients write that an attribute gets a value, or none (push-clients.md section 3.17).
func spell(t *rapid.T, path, value string) object {
	set := []func() object{
		func() object { return object{"op": "Add", "path": path, "value": value} },
		func() object { return object{"op": "replace", "path": path, "value": value} },
		func() object { return object{"op": "Replace", "value": object{path: value}} },
		func() object {
			return object{"op": "add", "path": nil, "value": object{strings.ToUpper(path[:1]) + path[1:]: value}}
		},
		func() object {
			return object{"op": "replace", "value": representation{attributes: map[string]string{path: value}}.body()}
		},
	}
	if value == "" {
		set = []func() object{
			func() object { return object{"op": "Remove", "path": path} },
			func() object { return object{"op": "replace", "path": path, "value": nil} },
			func() object { return object{"op": "Replace", "path": path, "value": ""} },
			func() object { return object{"op": "replace", "value": object{path: nil}} },
		}
		if path == workEmailPath {
			set = []func() object{
				func() object { return object{"op": "remove", "path": "emails"} },
				func() object { return object{"op": "Replace", "path": "emails", "value": []any{}} },
				func() object { return object{"op": "replace", "value": object{"emails": nil}} },
			}
		}
	} else if !strings.HasPrefix(path, "urn:") {
		set = append(set, func() object { return object{"op": "replace", "path": scim.UserSchema + ":" + path, "value": value} })
	}
	return rapid.SampledFrom(set).Draw(t, "spelling")()
}

// spellActive draws one of the ways to write active.
func spellActive(t *rapid.T, active bool) object {
	text := map[bool]string{true: "True", false: "False"}[active]
	return rapid.SampledFrom([]object{
		{"op": "replace", "path": "active", "value": active}, {"op": "Replace", "path": "active", "value": text},
		{"op": "replace", "value": object{"active": active}}, {"op": "Add", "value": object{"active": strings.ToLower(text)}},
	}).Draw(t, "spelling")
}

// profiles draws a dialect, or any other combination of what makes one.
func profiles() *rapid.Generator[dialect.Profile] {
	return rapid.Custom(func(t *rapid.T) dialect.Profile {
		if rapid.Bool().Draw(t, "a known client") {
			return dialect.Of(rapid.SampledFrom(dialect.Names()).Draw(t, "dialect"))
		}
		return dialect.Profile{
			Put:                    rapid.SampledFrom([]dialect.Put{dialect.PutKeep, dialect.PutClear}).Draw(t, "put"),
			GroupPutWithoutMembers: rapid.SampledFrom([]dialect.GroupPut{dialect.GroupPutKeep, dialect.GroupPutEmpty}).Draw(t, "groupPutWithoutMembers"),
			Unknown:                rapid.SampledFrom([]dialect.Unknown{dialect.UnknownIgnore, dialect.UnknownReject}).Draw(t, "unknown"),
			PostKnown:              rapid.SampledFrom([]dialect.PostKnown{dialect.PostConflict, dialect.PostRevive, dialect.PostAdopt}).Draw(t, "postKnown"),
			PatchUser:              rapid.SampledFrom([]int{200, 204}).Draw(t, "patch.user"),
			PatchGroup:             rapid.SampledFrom([]int{200, 204}).Draw(t, "patch.group"),
		}.Or(dialect.Of(dialect.Generic))
	})
}
