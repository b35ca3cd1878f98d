package scim

// AttributeType is the data type of an attribute (RFC 7643 section 2.3).
type AttributeType string

const (
	TypeString    AttributeType = "string"
	TypeBoolean   AttributeType = "boolean"
	TypeDecimal   AttributeType = "decimal"
	TypeInteger   AttributeType = "integer"
	TypeDateTime  AttributeType = "dateTime"
	TypeReference AttributeType = "reference"
	TypeBinary    AttributeType = "binary"
	TypeComplex   AttributeType = "complex"
)

// Attribute describes one attribute of a schema (RFC 7643 section 7).
type Attribute struct {
	Name        string // canonical spelling
	Type        AttributeType
	MultiValued bool
	CaseExact   bool
	Required    bool
	Mutability  string // readOnly, readWrite, immutable, writeOnly
	Returned    string // always, never, default, request
	Sub         []*Attribute
}
