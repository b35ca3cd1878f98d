package scim

import (
	"maps"
	"slices"
	"strings"
)

// MemberChangeKind says what a MemberChange does.
type MemberChangeKind string

const (
	AddMembers     MemberChangeKind = "add"     // those named become members, or stay members
	ReplaceMembers MemberChangeKind = "replace" // those named are the members, nobody else; possibly nobody
	RemoveMembers  MemberChangeKind = "remove"  // those named, or matched by the filter, are no longer members
	ClearMembers   MemberChangeKind = "clear"   // nobody is a member
)

// MemberChange is one change of a group's members.
type MemberChange struct {
	Kind MemberChangeKind
	// Members are objects with value, type and display, as far as they were given. A member without value is named by its display only.
	Members []Object
	// Filter chooses the members to remove where they are not named by their values. The caller evaluates it per member
	// with MatchElement and the attribute members; Members is then empty.
	Filter *Filter
}

// SplitMembers takes what operations on a group say of its members out of them, because members are not part of the group's
// document. rest is to be applied with Patch; what is left of an operation that spoke of members and of other attributes is in it.
// changes are in the order of the operations. ops and their values are not changed.
//
// Operations that do not name members yield no change, and neither do add without members, remove with an
// empty list and changes of a member's display or type. Removing all members takes replace with null or an empty list, or remove
// members without any value. The error is an *Error of type InvalidValue, InvalidPath, InvalidFilter or Mutability that names the operation, or a
// *TooManyError if they name more than MaxMembers.
func SplitMembers(ops []Operation) (rest []Operation, changes []MemberChange, err error) {
	scans, members := 0, 0
	for i := range ops {
		op := &ops[i]
		s := memberSplitter{kind: op.Kind}
		left, fault := s.split(op)
		if s.tooMany != nil {
			return nil, nil, s.tooMany
		}
		if fault != nil {
			return nil, nil, Errorf(fault.Type, "%s: %s", op.describe(), fault.Detail)
		}
		for _, change := range s.changes {
			scans += change.scans()
			members += len(change.Members)
		}
		if members > MaxMembers {
			return nil, nil, &TooManyError{What: "members", Count: members, Limit: MaxMembers}
		}
		if scans > MaxMemberScans {
			return nil, nil, Errorf(InvalidValue, `%s: all members are looked at more than %d times; choose them by their ids, members[value eq "id"], and replace them once`,
				op.describe(), MaxMemberScans)
		}
		if left != nil {
			rest = append(rest, *left)
		}
		changes = append(changes, s.changes...)
	}
	return rest, changes, nil
}

// scans is how often the change looks at every member.
func (c *MemberChange) scans() int {
	switch {
	case c.Filter != nil:
		return c.Filter.weight()
	case c.Kind == ReplaceMembers:
		return 1
	}
	return 0
}

type memberSplitter struct {
	kind    OperationKind
	changes []MemberChange
	tooMany *TooManyError // a list is longer than MaxMembers, and was not read
}

// split returns what is left of the operation, nil if nothing.
func (s *memberSplitter) split(op *Operation) (*Operation, *Error) {
	if op.Path != nil && namesMembers(*op.Path) {
		return nil, s.change(*op.Path, op.Value, op.HasValue)
	}
	value, ok := op.Value.(Object)
	if !ok || op.Kind == OpRemove || op.Path != nil && !isGroupSchema(*op.Path) {
		return op, nil
	}
	left, changed, fault := s.splitValue(value, op.Path != nil)
	if fault != nil || !changed {
		return op, fault
	}
	if len(left) == 0 {
		return nil, nil
	}
	reduced := *op
	reduced.Value = left
	return &reduced, nil
}

// splitValue takes the keys that name members out of a copy of a value, also those nested under the URN of the group schema.
func (s *memberSplitter) splitValue(value Object, nested bool) (left Object, changed bool, fault *Error) {
	left = maps.Clone(value)
	for _, key := range keysInOrder(value) {
		path, ok := pathOfKey(key)
		if !ok {
			continue // Patch lists it among what it ignored
		}
		if namesMembers(path) {
			if fault := s.change(path, value[key], true); fault != nil {
				return nil, false, fault
			}
			delete(left, key)
			changed = true
			continue
		}
		inner, ok := value[key].(Object)
		if nested || !ok || !isGroupSchema(path) {
			continue
		}
		reduced, reducedAny, fault := s.splitValue(inner, true)
		if fault != nil {
			return nil, false, fault
		}
		if !reducedAny {
			continue
		}
		changed = true
		left[key] = reduced
		if len(reduced) == 0 {
			delete(left, key)
		}
	}
	return left, changed, nil
}

func namesMembers(p Path) bool {
	if !strings.EqualFold(p.Name, "members") {
		return false
	}
	urn, known := Groups.pathURN(p.URN)
	return known && urn == ""
}

func isGroupSchema(p Path) bool {
	if p.Name != "" || p.URN == "" {
		return false
	}
	urn, known := Groups.pathURN(p.URN)
	return known && urn == ""
}

func (s *memberSplitter) yield(change MemberChange) { s.changes = append(s.changes, change) }

// change reads one operation, or one key of its value, whose path names members.
func (s *memberSplitter) change(path Path, value any, hasValue bool) *Error {
	if list, ok := value.([]any); ok && len(list) > MaxMembers {
		s.tooMany = &TooManyError{What: "members", Count: len(list), Limit: MaxMembers}
		return nil
	}
	attribute := Groups.Attribute("", "members")
	if err := path.checkElements(attribute); err != nil {
		return asFault(err)
	}
	if path.Sub != "" {
		return s.subAttribute(path)
	}
	if s.kind == OpRemove {
		return s.remove(path.Filter, value)
	}
	if !hasValue && s.kind == OpReplace {
		return Errorf(InvalidValue, "replace members needs a value; an empty list removes everybody")
	}
	members, fault := readMembers(value)
	if fault != nil {
		return fault
	}
	switch {
	case path.Filter != nil:
		return s.changeChosen(path.Filter, members)
	case s.kind == OpReplace:
		s.yield(MemberChange{Kind: ReplaceMembers, Members: members})
	case len(members) > 0:
		s.yield(MemberChange{Kind: AddMembers, Members: members})
	}
	return nil
}

// changeChosen reads add and replace of the members that a filter chooses. Values without the id of a member are about a
// member's display or type, which changes nothing.
func (s *memberSplitter) changeChosen(filter *Filter, members []Object) *Error {
	named := slices.DeleteFunc(slices.Clone(members), func(m Object) bool { return m["value"] == nil })
	if len(named) == 0 && len(members) > 0 {
		return nil
	}
	if s.kind == OpReplace {
		if fault := s.remove(filter, nil); fault != nil {
			return fault
		}
	}
	if len(named) > 0 {
		s.yield(MemberChange{Kind: AddMembers, Members: named})
	}
	return nil
}

// subAttribute reads a change of one thing about a member. Only value matters: display and type are known from the member itself.
func (s *memberSplitter) subAttribute(path Path) *Error {
	if !strings.EqualFold(path.Sub, "value") {
		return nil
	}
	if s.kind == OpRemove && path.Filter != nil {
		return s.remove(path.Filter, nil)
	}
	return Errorf(Mutability, `the value of a member cannot be changed; add and remove members instead: members, or members[value eq "id"]`)
}

func (s *memberSplitter) remove(filter *Filter, value any) *Error {
	if filter != nil {
		if ids, ok := valuesOf(filter, nil); ok {
			s.yield(MemberChange{Kind: RemoveMembers, Members: ids})
		} else {
			s.yield(MemberChange{Kind: RemoveMembers, Filter: filter})
		}
		return nil
	}
	if value == nil {
		s.yield(MemberChange{Kind: ClearMembers})
		return nil
	}
	members, fault := readMembers(value)
	if fault == nil && len(members) > 0 {
		s.yield(MemberChange{Kind: RemoveMembers, Members: members})
	}
	return fault
}

// valuesOf returns the members that a filter names by their values: value eq "a", or several of them joined by or.
func valuesOf(f *Filter, found []Object) ([]Object, bool) {
	if f.Op == Or {
		for _, term := range f.Terms {
			more, ok := valuesOf(term, found)
			if !ok {
				return nil, false
			}
			found = more
		}
		return found, true
	}
	id, ok := equalityText(f.Value)
	if f.Op != Eq || !strings.EqualFold(f.Path.Name, "value") || !ok {
		return nil, false
	}
	return append(found, Object{"value": id}), true
}
