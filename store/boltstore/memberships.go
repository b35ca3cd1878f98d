package boltstore

import (
	"bytes"
	"iter"

	"scim2slack/store"
)

// Members are told apart by their ids alone: ids are UUIDs, and a source may name a group as a member without saying that it is one.

func (t *tx) Members(group store.Key) iter.Seq2[store.Member, error] {
	return func(yield func(store.Member, error) bool) {
		prefix := keyOf(group)
		for e, err := range t.scan(members, prefix, prefix) {
			var m store.Member
			if err == nil {
				m, err = decodeMember(e.key[len(prefix):], e.value)
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

func decodeMember(key, value []byte) (m store.Member, err error) {
	if m.ID, _, err = cutID(key); err != nil {
		return store.Member{}, err
	}
	var display []byte
	if m.Type, display, err = cutType(value); err != nil {
		return store.Member{}, err
	}
	m.Display = string(display)
	return m, nil
}

func (t *tx) IsMember(group store.Key, memberID string) (bool, error) {
	return t.has(members, appendID(keyOf(group), memberID))
}

// GroupsOf yields the keys in the order of their ids. The type of the member does not matter.
func (t *tx) GroupsOf(member store.Key) iter.Seq2[store.Key, error] {
	return func(yield func(store.Key, error) bool) {
		prefix := memberOfPrefix(member.Source, member.ID)
		for e, err := range t.scan(memberOf, prefix, prefix) {
			var group store.Key
			if err == nil {
				group, err = groupOfMember(member.Source, e.key[len(prefix):])
			}
			if !yield(group, err) || err != nil {
				return
			}
		}
	}
}

func (t *tx) MembershipsFrom(source, memberID string) iter.Seq2[store.Membership, error] {
	return func(yield func(store.Membership, error) bool) {
		prefix := appendText(newKey(), source)
		from := prefix
		if memberID != "" {
			from = memberOfPrefix(source, memberID)
		}
		for e, err := range t.scan(memberOf, prefix, from) {
			var group store.Key
			var id string
			var rest []byte
			if err == nil {
				id, rest, err = cutID(e.key[len(prefix):])
			}
			if err == nil {
				group, err = groupOfMember(source, rest)
			}
			if !yield(store.Membership{MemberID: id, Group: group}, err) || err != nil {
				return
			}
		}
	}
}

func memberOfPrefix(source, memberID string) []byte {
	return appendID(appendText(newKey(), source), memberID)
}

// groupOfMember reads what stands behind memberOfPrefix.
func groupOfMember(source string, b []byte) (store.Key, error) {
	typ, rest, err := cutType(b)
	if err != nil {
		return store.Key{}, err
	}
	id, _, err := cutID(rest)
	if err != nil {
		return store.Key{}, err
	}
	return store.Key{Source: source, Type: typ, ID: id}, nil
}

func (t *tx) AddMembers(group store.Key, added ...store.Member) (int, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	n := 0
	key := keyOf(group)
	back := appendText(newKey(), group.Source)
	groupEnd, sourceEnd := len(key), len(back)
	for _, m := range added {
		key = appendID(key[:groupEnd], m.ID)
		value := append(appendType(make([]byte, 0, 1+len(m.Display)), m.Type), m.Display...)
		old, err := t.get(members, key)
		if err != nil {
			return 0, err
		}
		if bytes.Equal(old, value) {
			continue
		}
		if err := t.put(members, key, value); err != nil {
			return 0, err
		}
		if old != nil {
			continue
		}
		n++
		back = appendID(appendType(appendID(back[:sourceEnd], m.ID), group.Type), group.ID)
		if err := t.put(memberOf, back, []byte{}); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (t *tx) RemoveMembers(group store.Key, memberIDs ...string) (int, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	n := 0
	for _, id := range memberIDs {
		key := appendID(keyOf(group), id)
		there, err := t.has(members, key)
		if err != nil {
			return 0, err
		}
		if !there {
			continue
		}
		if err := t.removeMember(group, id); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// removeMember removes both sides of a membership.
func (t *tx) removeMember(group store.Key, id string) error {
	if err := t.delete(members, appendID(keyOf(group), id)); err != nil {
		return err
	}
	return t.delete(memberOf, appendID(appendType(memberOfPrefix(group.Source, id), group.Type), group.ID))
}

// forgetMembers removes the members and the memberships of a resource.
func (t *tx) forgetMembers(k store.Key) error {
	prefix := keyOf(k)
	for e, err := range t.scan(members, prefix, prefix) {
		if err != nil {
			return err
		}
		id, _, err := cutID(e.key[len(prefix):])
		if err != nil {
			return err
		}
		if err := t.removeMember(k, id); err != nil {
			return err
		}
	}
	prefix = memberOfPrefix(k.Source, k.ID)
	for e, err := range t.scan(memberOf, prefix, prefix) {
		if err != nil {
			return err
		}
		group, err := groupOfMember(k.Source, e.key[len(prefix):])
		if err != nil {
			return err
		}
		if err := t.removeMember(group, k.ID); err != nil {
			return err
		}
	}
	return nil
}
