package scim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elimity-com/scim/schema"
)

const (
	schemaDefinition       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	resourceTypeDefinition = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
)

// SchemaDocuments returns the documents of /Schemas (RFC 7643 section 7): users, its extensions, groups. Each has its URN as id. They
// advertise what is stored and enforced and nothing else, because clients try whatever they find advertised (Entra's
// validator): no password, no display name of the manager, no $ref but those that are answered. base is the absolute URL of the SCIM root.
// Making them costs about a millisecond; their bytes are worth keeping.
func SchemaDocuments(base string) []Object {
	var out []Object
	for _, t := range []*ResourceType{Users, Groups} {
		out = append(out, t.schemaDocument(base, t.Schema))
		for _, e := range t.Extensions {
			out = append(out, t.schemaDocument(base, e))
		}
	}
	return out
}

// ResourceTypeDocuments returns the documents of /ResourceTypes (RFC 7643 section 6). Each has its name as id. base is the
// absolute URL of the SCIM root.
func ResourceTypeDocuments(base string) []Object {
	var out []Object
	for _, t := range []*ResourceType{Users, Groups} {
		extensions := make([]any, 0, len(t.Extensions))
		for _, e := range t.Extensions {
			extensions = append(extensions, Object{"schema": e.ID, "required": false})
		}
		out = append(out, Object{
			"schemas":          []any{resourceTypeDefinition},
			"id":               t.Name,
			"name":             t.Name,
			"description":      t.Schema.Description.Value(),
			"endpoint":         t.Endpoint,
			"schema":           t.CoreURN(),
			"schemaExtensions": extensions,
			"meta":             discoveryMeta("ResourceType", base, "/ResourceTypes/"+t.Name),
		})
	}
	return out
}

func discoveryMeta(resourceType, base, path string) Object {
	return Object{"resourceType": resourceType, "location": strings.TrimSuffix(base, "/") + path}
}

func (t *ResourceType) schemaDocument(base string, s schema.Schema) Object {
	text, err := s.MarshalJSON()
	if err != nil {
		panic(fmt.Sprintf("scim: the schema %s cannot be written: %v", s.ID, err)) // it is a constant of the program
	}
	doc, err := Decode(text, Limits{})
	if err != nil {
		panic(fmt.Sprintf("scim: the schema %s cannot be read: %v", s.ID, err))
	}
	doc["meta"] = discoveryMeta("Schema", base, "/Schemas/"+s.ID)
	attributes := t.advertised(s, doc.List("attributes"))
	doc["attributes"] = attributes
	if s.ID == UserSchema {
		find(attributes, "active")["required"] = true // whoever does not say it is active; nobody is neither (see Patch)
		addReference(find(attributes, "groups"), "readOnly", "The URI of the group.", "Group")
	}
	if t == Groups {
		// Groups are matched by name: the store keeps names unique, letter case ignored. Canonical refuses members without a value.
		find(attributes, "displayName")["uniqueness"] = "server"
		addReference(find(attributes, "members"), "immutable", "The URI of the member. It may stand for the value.", "User", "Group")
	}
	return doc
}

// addReference advertises the $ref of an attribute (RFC 7643 section 8.7.1), which elimity cannot name.
func addReference(attribute Object, mutability, description string, types ...any) {
	attribute["subAttributes"] = append(attribute.List("subAttributes"), Object{
		"name": "$ref", "type": "reference", "referenceTypes": types, "multiValued": false, "required": false, "caseExact": true,
		"mutability": mutability, "returned": "default", "uniqueness": "none", "description": description,
	})
}

// advertised leaves out what is not kept. groups, which is ours to fill, stays with its parts.
func (t *ResourceType) advertised(s schema.Schema, attributes []any) []any {
	var out []any
	for _, v := range attributes {
		description := v.(Object)
		a := t.Attribute(s.ID, description.String("name"))
		ours := a.Name == "groups"
		if !a.kept() && !ours {
			continue
		}
		if sub := description.List("subAttributes"); sub != nil {
			description["subAttributes"] = slices.DeleteFunc(sub, func(v any) bool {
				part := a.SubAttribute(v.(Object).String("name"))
				return part.Name == "$ref" || !part.kept() && !ours
			})
		}
		out = append(out, description)
	}
	return out
}

// find returns the description of the attribute of that name.
func find(attributes []any, name string) Object {
	for _, v := range attributes {
		if a, ok := v.(Object); ok && a.String("name") == name {
			return a
		}
	}
	return nil
}
