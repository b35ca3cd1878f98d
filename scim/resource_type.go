package scim

import (
	"strings"

	"github.com/elimity-com/scim/schema"
)

// ResourceType is User or Group: a core schema and its extensions, as elimity-com/scim defines them, with
// look-ups by name in any letter case. It is immutable and safe for concurrent use.
type ResourceType struct {
	Name       string // User, Group
	Endpoint   string // /Users, /Groups
	Schema     schema.Schema
	Extensions []schema.Schema

	// attributes of each schema by lower-case URN, then by lower-case name. The core schema includes the common attributes
	// schemas, id, externalId and meta.
	attributes map[string]map[string]*Attribute
	// extensionKeys are the extensions as keys of a document that AppendJSON wrote. In a text a quotation mark has a backslash before it.
	extensionKeys [][]byte
	urns          map[string]string // lower-case URN -> canonical URN, core and extensions, with urnAliases
}

// Users is the resource type of users: core, enterprise and Slack's guest and profile extensions.
var Users = newResourceType("User", "/Users", schema.CoreUserSchema(),
	schema.ExtensionEnterpriseUser(), slackGuestExtension(), slackProfileExtension())

// Groups is the resource type of groups.
var Groups = newResourceType("Group", "/Groups", schema.CoreGroupSchema())

func newResourceType(name, endpoint string, core schema.Schema, extensions ...schema.Schema) *ResourceType {
	t := &ResourceType{Name: name, Endpoint: endpoint, Schema: core, Extensions: extensions,
		attributes: map[string]map[string]*Attribute{}, urns: map[string]string{}}
	t.index(core.ID, append(commonAttributes(), attributesOf(core.Attributes)...))
	for _, e := range extensions {
		t.index(e.ID, attributesOf(e.Attributes))
		t.extensionKeys = append(t.extensionKeys, []byte(`"`+e.ID+`":{`))
	}
	return t
}

func (t *ResourceType) index(urn string, attributes []*Attribute) {
	byName := make(map[string]*Attribute, len(attributes))
	for _, a := range attributes {
		byName[strings.ToLower(a.Name)] = a
	}
	for _, spelling := range append([]string{urn}, urnAliases[urn]...) {
		t.attributes[strings.ToLower(spelling)] = byName
		t.urns[strings.ToLower(spelling)] = urn
	}
}

// CoreURN returns the URN of the core schema.
func (t *ResourceType) CoreURN() string { return t.Schema.ID }

// URN returns the canonical spelling of the URN of the core schema or of an extension of t, and "" for any other text.
// It knows any letter case and the spellings of urnAliases.
func (t *ResourceType) URN(urn string) string { return lookUp(t.urns, urn) }

// Attribute finds an attribute by its name in any letter case. urn is that of the core schema or an extension as URN
// knows it; "" means the core schema. It returns nil if there is no such attribute.
func (t *ResourceType) Attribute(urn, name string) *Attribute {
	if urn == "" {
		urn = t.Schema.ID
	}
	return lookUp(lookUp(t.attributes, urn), name)
}

// lookUp finds a name in any letter case among lower-case ones. Names of SCIM are ASCII: no other letter is folded into them.
func lookUp[V any](byName map[string]V, name string) (none V) {
	var buffer [96]byte // longer than any name that is looked up with success
	if len(name) > len(buffer) {
		return none
	}
	folded := buffer[:len(name)]
	for i := range folded {
		folded[i] = lower(name[i])
	}
	return byName[string(folded)]
}

// SubAttribute finds a sub-attribute by its name in any letter case, or returns nil.
func (a *Attribute) SubAttribute(name string) *Attribute {
	for _, s := range a.Sub {
		if strings.EqualFold(s.Name, name) {
			return s
		}
	}
	return nil
}

func attributesOf(in schema.Attributes) []*Attribute {
	out := make([]*Attribute, 0, len(in))
	for _, a := range in {
		attribute := &Attribute{Name: a.Name(), Type: AttributeType(a.AttributeType()), MultiValued: a.MultiValued(),
			CaseExact: a.CaseExact(), Required: a.Required(), Mutability: a.Mutability(), Returned: a.Returned(),
			Sub: attributesOf(a.SubAttributes())}
		if attribute.MultiValued && attribute.Type == TypeComplex {
			attribute.Sub = withDefaultSubAttributes(attribute.Sub)
		}
		out = append(out, attribute)
	}
	return out
}

// withDefaultSubAttributes adds $ref, which elimity's constructors cannot name, to the members and the manager.
func withDefaultSubAttributes(sub []*Attribute) []*Attribute {
	for _, s := range sub {
		if s.Name == "$ref" {
			return sub
		}
	}
	return append(sub, &Attribute{Name: "$ref", Type: TypeReference, CaseExact: true, Mutability: "readOnly", Returned: "default"})
}

// commonAttributes are those of RFC 7643 section 3.1 and schemas.
func commonAttributes() []*Attribute {
	text := func(name, mutability string) *Attribute {
		return &Attribute{Name: name, Type: TypeString, CaseExact: true, Mutability: mutability, Returned: "default"}
	}
	date := func(name string) *Attribute {
		return &Attribute{Name: name, Type: TypeDateTime, Mutability: "readOnly", Returned: "default"}
	}
	id := text("id", "readOnly")
	id.Returned = "always"
	schemas := &Attribute{Name: "schemas", Type: TypeReference, MultiValued: true, CaseExact: false, Mutability: "readOnly", Returned: "always"}
	meta := &Attribute{Name: "meta", Type: TypeComplex, Mutability: "readOnly", Returned: "default", Sub: []*Attribute{
		text("resourceType", "readOnly"), date("created"), date("lastModified"),
		{Name: "location", Type: TypeReference, CaseExact: true, Mutability: "readOnly", Returned: "default"},
		text("version", "readOnly"),
	}}
	return []*Attribute{schemas, id, text("externalId", "readWrite"), meta}
}
