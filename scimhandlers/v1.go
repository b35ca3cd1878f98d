package scimhandlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"

	"scim2slack/dialect"
	"scim2slack/scim"
)

// This file is SCIM 1.1 (draft-scim-core-schema-01 and draft-scim-api-01), which is all that PingFederate's bundled provisioner speaks
// (push-clients, 2.1): another dress of the same resources.

// RootV1 is the path below which a Handler answers SCIM 1.1.
const RootV1 = "/scim/v1"

const (
	coreV1       = "urn:scim:schemas:core:1.0"
	enterpriseV1 = "urn:scim:schemas:extension:enterprise:1.0"
)

// profileV1: a record that failed comes back each minute, so a POST of a known user is idempotent, and the client reads the full body
// of each answer (push-clients, 3.17 point 15).
var profileV1 = dialect.Profile{PostKnown: dialect.PostAdopt, PatchUser: http.StatusOK, PatchGroup: http.StatusOK}

// patchV1 turns a partial resource into operations. meta.attributes names what is cleared, and comes first; an attribute with one value is
// replaced, parts of a complex one by themselves; elements of one with many values are added, and those with "operation":"delete"
// removed.
func patchV1(t *resourceType, body scim.Object) (scim.Object, error) {
	cleared, err := clearedV1(body)
	if err != nil {
		return nil, err
	}
	var operations []any
	for _, name := range cleared {
		operations = append(operations, scim.Object{"op": "remove", "path": name})
	}
	values := scim.Object{}
	for name, value := range body {
		elements, many := value.([]any)
		switch a := t.schema.Attribute("", name); {
		case strings.EqualFold(name, "schemas"), strings.EqualFold(name, "meta"):
		case many && a != nil && a.MultiValued:
			operations = append(operations, elementsV1(a.Name, elements)...)
		default:
			values[name] = value
		}
	}
	if len(values) > 0 {
		operations = append(operations, scim.Object{"op": "replace", "value": values})
	}
	if len(operations) == 0 { // it asks for nothing, which is no fault
		operations = append(operations, scim.Object{"op": "add", "value": scim.Object{}})
	}
	return scim.Object{"Operations": operations}, nil
}

// clearedV1 returns the names in meta.attributes.
func clearedV1(body scim.Object) (names []string, err error) {
	for key, value := range body {
		meta, ok := value.(scim.Object)
		if !ok || !strings.EqualFold(key, "meta") {
			continue
		}
		for key, value := range meta {
			list, ok := value.([]any)
			if !strings.EqualFold(key, "attributes") || value == nil {
				continue
			}
			for _, name := range list {
				text, isText := name.(string)
				ok = ok && isText
				names = append(names, text)
			}
			if !ok {
				return nil, scim.Errorf(scim.InvalidSyntax, "meta.attributes must be a list of the names of attributes that are to be cleared")
			}
		}
	}
	return names, nil
}

// elementsV1 parts the elements of an attribute into those that are added and those that are removed.
func elementsV1(name string, elements []any) (operations []any) {
	var added, removed []any
	for _, element := range elements {
		o, ok := element.(scim.Object)
		if !ok {
			added = append(added, element)
			continue
		}
		rest, deletes := scim.Object{}, false
		for key, value := range o {
			if strings.EqualFold(key, "operation") {
				text, _ := value.(string)
				deletes = strings.EqualFold(text, "delete")
				continue
			}
			rest[key] = value
		}
		if deletes {
			removed = append(removed, rest)
		} else {
			added = append(added, rest)
		}
	}
	if len(removed) > 0 {
		operations = append(operations, scim.Object{"op": "remove", "path": name, "value": removed})
	}
	if len(added) > 0 || len(elements) == 0 {
		operations = append(operations, scim.Object{"op": "add", "path": name, "value": append([]any{}, added...)})
	}
	return operations
}

// resourceV1 writes a resource with the schemas of 1.1, the manager by managerId, and without what 1.1 does not know.
func resourceV1(o scim.Object) scim.Object {
	out := make(scim.Object, len(o))
	for name, value := range o {
		switch name {
		case "schemas":
			out[name] = schemasV1(value)
		case "meta":
			out[name] = without(value, "resourceType")
		case "members", "groups":
			list, _ := value.([]any)
			elements := make([]any, len(list))
			for i, element := range list {
				elements[i] = without(element, "$ref")
			}
			out[name] = elements
		case scim.EnterpriseSchema:
			out[enterpriseV1] = enterpriseOf(value)
		default:
			out[name] = value
		}
	}
	return out
}

func schemasV1(value any) []any {
	list, _ := value.([]any)
	out := make([]any, len(list))
	for i, urn := range list {
		switch urn {
		case scim.UserSchema, scim.GroupSchema:
			out[i] = coreV1
		case scim.EnterpriseSchema:
			out[i] = enterpriseV1
		default:
			out[i] = urn
		}
	}
	return out
}

func without(value any, name string) any {
	o, ok := value.(scim.Object)
	if !ok {
		return value
	}
	out := make(scim.Object, len(o))
	for key, part := range o {
		if key != name {
			out[key] = part
		}
	}
	return out
}

func enterpriseOf(value any) any {
	extension, _ := value.(scim.Object)
	out := make(scim.Object, len(extension))
	for name, part := range extension {
		if manager, ok := part.(scim.Object); ok && name == "manager" {
			part = scim.Object{"managerId": manager["value"]}
		}
		out[name] = part
	}
	return out
}

// errorV1 is an error as SCIM 1.1 writes it.
func errorV1(e scimerrors.ScimError) scim.Object {
	return scim.Object{"Errors": []any{scim.Object{"description": e.Detail, "code": strconv.Itoa(e.Status)}}}
}

// routeDiscoveryV1 finds what answers an address of discovery.
func (x *exchange) routeDiscoveryV1(path []string) func() error {
	switch {
	case path[0] == "ServiceProviderConfigs" && len(path) == 1:
		return func() error { return x.writeDocument(x.configV1()) }
	case path[0] == "Schemas" && len(path) <= 2:
		docs := x.schemasOfV1()
		if len(path) == 1 {
			return func() error { return x.documents(docs) }
		}
		i := slices.IndexFunc(docs, func(doc scim.Object) bool {
			return strings.EqualFold(doc.String("id"), path[1]) || strings.EqualFold(doc.String("name"), path[1])
		})
		if i >= 0 {
			return func() error { return x.writeDocument(docs[i]) }
		}
	}
	return nil
}

// configV1 says what is offered in SCIM 1.1.
func (x *exchange) configV1() scim.Object {
	config := x.serviceProviderConfig()
	config["schemas"] = []any{coreV1}
	config["bulk"] = scim.Object{"supported": false, "maxOperations": 0.0, "maxPayloadSize": 0.0}
	config["xmlDataFormat"] = scim.Object{"supported": false}
	delete(config, "pagination")
	delete(config, "meta")
	for _, scheme := range config.List("authenticationSchemes") {
		o := scheme.(scim.Object)
		o["specUrl"] = o["specUri"]
		delete(o, "specUri")
	}
	return config
}

// schemasOfV1 writes the schemas of SCIM 2.0 as those of 1.1: one for each type, in which every attribute tells its own schema.
func (x *exchange) schemasOfV1() (docs []scim.Object) {
	for _, doc := range scim.SchemaDocuments(x.base) {
		urn := doc.String("id")
		schema := schemasV1([]any{urn})[0]
		if urn == scim.UserSchema || urn == scim.GroupSchema {
			name := doc.String("name")
			docs = append(docs, scim.Object{"schemas": []any{coreV1}, "id": coreV1 + ":" + name, "name": name, "description": doc["description"],
				"schema": coreV1, "endpoint": "/" + name + "s", "attributes": []any{}})
		}
		last := docs[len(docs)-1]
		for _, a := range doc.List("attributes") {
			last["attributes"] = append(last.List("attributes"), attributeV1(a.(scim.Object), schema))
		}
	}
	return docs
}

func attributeV1(a scim.Object, schema any) scim.Object {
	out := scim.Object{"readOnly": a["mutability"] == "readOnly"}
	if schema != nil {
		out["schema"] = schema
	}
	for _, name := range []string{"name", "type", "multiValued", "description", "required", "caseExact", "canonicalValues"} {
		if value, there := a[name]; there {
			out[name] = value
		}
	}
	var subs []any
	for _, sub := range a.List("subAttributes") {
		o := sub.(scim.Object)
		if o.String("name") == "$ref" {
			continue
		}
		s := attributeV1(o, nil)
		if a.String("name") == "manager" {
			s["name"] = "managerId"
		}
		subs = append(subs, s)
	}
	if subs != nil {
		out["subAttributes"] = subs
	}
	return out
}
