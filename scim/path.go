package scim

import "strings"

// Path names an attribute, a sub-attribute, chosen elements of a multi-valued attribute or a whole schema
// (RFC 7644 section 3.5.2, figure 7). Names are kept as they were written; ResourceType.Resolve finds what they mean.
type Path struct {
	URN    string  // schema the attribute belongs to, "" if the path has none
	Name   string  // attribute; "" if the path is a schema URN alone
	Filter *Filter // which elements of a multi-valued attribute: attr[filter]
	Sub    string  // sub-attribute, "" if none
}

// ParsePath reads a path. The forms are attr, attr.sub, attr[filter], attr[filter].sub, each also after a schema URN
// and a colon, and a schema URN alone. The old Entra form with a dot after the URN (urn:...:User.manager) is read too,
// and blanks around the path are ignored. Paths longer than MaxFilterLength or nested deeper than MaxFilterDepth are
// refused. The error is an *Error of type InvalidPath that says where the fault is and what was expected.
func ParsePath(text string) (Path, error) {
	s, err := newScanner(text, InvalidPath)
	if err != nil {
		return Path{}, err
	}
	return s.wholePath()
}

// pathOfKey reads a path that is a key of a value. Whatever is no path is the name of something unknown, and there may be
// a hundred thousand of them: no message is made for each.
func pathOfKey(key string) (p Path, ok bool) {
	s, err := newScanner(key, InvalidPath)
	if err != nil {
		return Path{}, false
	}
	s.quiet = true
	p, err = s.wholePath()
	return p, err == nil
}

func (s *scanner) wholePath() (Path, error) {
	p, err := s.path()
	if err != nil {
		return Path{}, err
	}
	s.skipBlanks()
	if !s.done() {
		return Path{}, s.fault(s.pos, "the end of the path")
	}
	return p, nil
}

// path reads a path at the current position. Filters use it too: an attribute of a comparison is a path.
func (s *scanner) path() (Path, error) {
	start := s.pos
	p, ok := splitPath(s.word())
	if !ok {
		return Path{}, s.fault(start, "an attribute such as userName, name.givenName or a schema URN with an attribute")
	}
	if p.Sub != "" || !s.next('[') {
		return p, nil
	}
	if p.Name == "" {
		return Path{}, s.fault(s.pos-1, "the end of the path, for a whole schema cannot be filtered")
	}
	if err := s.enter(); err != nil {
		return Path{}, err
	}
	var err error
	if p.Filter, err = s.or(true); err != nil {
		return Path{}, err
	}
	s.skipBlanks()
	if !s.next(']') {
		return Path{}, s.fault(s.pos, `"]"`)
	}
	s.leave()
	if s.next('.') {
		start = s.pos
		if p.Sub = s.word(); !isName(p.Sub) {
			return Path{}, s.fault(start, "a sub-attribute such as value")
		}
	}
	return p, nil
}

// splitPath splits a path without a filter.
func splitPath(word string) (Path, bool) {
	colon := strings.LastIndexByte(word, ':')
	if colon < 0 {
		return splitNames("", word)
	}
	urn, last := word[:colon], word[colon+1:]
	if n := resourceInURN(urn, last); n > 0 { // the last segment begins with the end of the URN
		urn = word[:colon+1+n]
		if n == len(last) {
			return Path{URN: urn}, true
		}
		return splitNames(urn, last[n+1:])
	}
	return splitNames(urn, last)
}

func splitNames(urn, names string) (Path, bool) {
	name, sub, dotted := strings.Cut(names, ".")
	if !isName(name) || dotted && !isName(sub) {
		return Path{}, false
	}
	return Path{URN: urn, Name: name, Sub: sub}, true
}

// resourceInURN returns how much of the last segment still belongs to the URN, or 0 if it is an attribute's name. Schema
// URNs of SCIM 2.0 end with a version and a resource (:2.0:User). A colon should follow, old Entra jobs write a dot, and
// Entra's documentation has a form without the colon between them (:2.0User). URNs of SCIM 1.1 end with the version.
func resourceInURN(urn, last string) int {
	digits := versionLength(last)
	if digits == len(last) && digits > 0 {
		return digits
	}
	resource, _, _ := strings.Cut(last[digits:], ".")
	if !isName(resource) {
		return 0
	}
	if digits > 0 {
		return digits + len(resource)
	}
	before := urn[strings.LastIndexByte(urn, ':')+1:]
	if before == "" || versionLength(before) != len(before) {
		return 0
	}
	if hasPrefixFold(urn, "urn:scim:schemas:") && !strings.EqualFold(resource, "User") && !strings.EqualFold(resource, "Group") {
		return 0
	}
	return len(resource)
}

// versionLength returns the length of the version number, such as 2.0, with which text begins.
func versionLength(text string) int {
	n := 0
	for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.' && n > 0) {
		n++
	}
	return n
}

// isName tells whether text is an attribute name: ATTRNAME of RFC 7643 section 2.1, and $ref.
func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '$' || c == '_'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return text != ""
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// String returns the path in the form of RFC 7644. ParsePath reads it back as the same path.
func (p Path) String() string {
	if p.Filter == nil && p.URN == "" && p.Sub == "" {
		return p.Name
	}
	var b strings.Builder
	p.write(&b)
	return b.String()
}

func (p Path) write(b *strings.Builder) {
	b.WriteString(p.URN)
	if p.Name == "" {
		return
	}
	if p.URN != "" {
		b.WriteByte(':')
	}
	b.WriteString(p.Name)
	if p.Filter != nil {
		b.WriteByte('[')
		p.Filter.write(b)
		b.WriteByte(']')
	}
	if p.Sub != "" {
		b.WriteByte('.')
		b.WriteString(p.Sub)
	}
}
