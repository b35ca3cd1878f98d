package scim

import (
	"slices"
	"strings"
	"testing"

	"github.com/elimity-com/scim/schema"
	"github.com/google/go-cmp/cmp"
)

const base = "https://gw.example/scim/v2"

func TestSchemaDocuments(t *testing.T) {
	var ids []string
	for _, doc := range SchemaDocuments(base + "/") {
		id := doc.String("id")
		ids = append(ids, id)
		want := Object{"resourceType": "Schema", "location": base + "/Schemas/" + id}
		if diff := cmp.Diff(want, doc.Object("meta")); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
		text := AppendJSON(nil, doc)
		if strings.Contains(string(text), `"password"`) || strings.Contains(string(text), "$ref") != (id == GroupSchema || id == UserSchema) {
			t.Errorf("%s advertises what is not kept: %s", id, text)
		}
		var back schema.Schema
		if err := back.UnmarshalJSON(text); err != nil || len(back.Attributes) == 0 {
			t.Errorf("%s is no schema: %v", id, err)
		}
	}
	if diff := cmp.Diff([]string{UserSchema, EnterpriseSchema, SlackGuestSchema, SlackProfileSchema, GroupSchema}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestResourceTypeDocuments(t *testing.T) {
	got := ResourceTypeDocuments(base)
	want := []Object{
		{"schemas": []any{resourceTypeDefinition}, "id": "User", "name": "User", "description": "User Account", "endpoint": "/Users", "schema": UserSchema,
			"schemaExtensions": []any{Object{"schema": EnterpriseSchema, "required": false}, Object{"schema": SlackGuestSchema, "required": false},
				Object{"schema": SlackProfileSchema, "required": false}},
			"meta": Object{"resourceType": "ResourceType", "location": base + "/ResourceTypes/User"}},
		{"schemas": []any{resourceTypeDefinition}, "id": "Group", "name": "Group", "description": "Group", "endpoint": "/Groups", "schema": GroupSchema,
			"schemaExtensions": []any{}, "meta": Object{"resourceType": "ResourceType", "location": base + "/ResourceTypes/Group"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAdvertisedIsKept sends a value for every attribute that is advertised as writable, and expects it in the answer; and one for
// every attribute that is advertised as read-only, and expects it to be gone.
func TestAdvertisedIsKept(t *testing.T) {
	documents := SchemaDocuments(base)
	for _, r := range []*ResourceType{Users, Groups} {
		sent, writable := Object{}, Object{}
		for _, doc := range documents {
			urn := doc.String("id")
			if r.URN(urn) == "" {
				continue
			}
			in, kept := sent, writable
			if urn != r.CoreURN() {
				in, kept = Object{}, Object{}
				sent[urn], writable[urn] = in, kept
			}
			for _, a := range doc.List("attributes") {
				a := a.(Object)
				in[a.String("name")] = sample(a)
				if a.String("mutability") != "readOnly" {
					kept[a.String("name")] = sample(a)
				}
			}
		}
		doc, ignored, err := r.Canonical(sent)
		if err != nil || len(ignored) > 0 {
			t.Fatalf("%s: %v, ignored %v", r.Name, err, ignored)
		}
		if err := r.Validate(doc); err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		answer := r.Render(doc, Meta{})
		schemas := answer.List("schemas")
		if len(schemas) != 1+len(r.Extensions) || !slices.Contains(schemas, any(r.CoreURN())) {
			t.Errorf("%s: schemas are %v", r.Name, schemas)
		}
		delete(answer, "schemas")
		delete(answer, "meta")
		for _, m := range writable.List("members") {
			delete(m.(Object), "$ref") // it follows from the value, with the address of the member
		}
		if diff := cmp.Diff(writable, answer); diff != "" {
			t.Errorf("%s: %s", r.Name, diff)
		}
	}
}

// sample makes a value for an advertised attribute.
func sample(a Object) any {
	var value any = "x" + a.String("name")
	switch a.String("type") {
	case "boolean":
		value = true
	case "dateTime":
		value = "2024-04-10T00:00:00Z"
	case "binary":
		value = "AAAA"
	case "complex":
		o := Object{}
		for _, sub := range a.List("subAttributes") {
			o[sub.(Object).String("name")] = sample(sub.(Object))
		}
		value = o
	}
	if a["multiValued"] == true {
		return []any{value}
	}
	return value
}
