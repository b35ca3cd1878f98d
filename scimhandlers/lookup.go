package scimhandlers

import (
	"errors"
	"slices"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

// indexOf tells which index of the store holds an attribute that a filter compares.
func indexOf(t *resourceType, e scim.Equality) (store.Index, bool) {
	name := e.Name()
	switch {
	case e.URN == "" && name == t.nameAttribute:
		return t.nameIndex, true
	case e.URN == "" && name == "externalId":
		return store.IndexExternalID, true
	case t == users && e.URN == "" && name == "emails.value":
		return store.IndexEmail, true
	case t == users && e.URN == scim.EnterpriseSchema && name == "manager.value":
		return store.IndexManager, true
	}
	return "", false
}

// candidates returns the keys, oldest first, among which are all resources that match the filter. It reports false if only
// a look at every resource can tell.
func (s *search) candidates(tx store.Tx) (keys []store.Key, indexed bool, err error) {
	equalities := s.t.filter.Equalities(s.t.schema)
	for _, e := range equalities {
		if e.URN == "" && e.Name() == "id" {
			return s.candidate(tx, e.Value)
		}
	}
	for _, e := range equalities {
		if index, ok := indexOf(s.t.resourceType, e); ok {
			keys, err = tx.FindResources(s.x.source.Name, s.t.kind, index, e.Value)
			return keys, true, err
		}
	}
	for _, e := range equalities {
		if s.t.resourceType == groups && e.Name() == "members.value" {
			keys, err = s.groupsOf(tx, e.Value)
			return keys, true, err
		}
	}
	return nil, false, nil
}

func (s *search) candidate(tx store.Tx, id string) ([]store.Key, bool, error) {
	if !isID(id) {
		return nil, true, nil
	}
	key := s.x.key(s.t.resourceType, id)
	if _, err := tx.Resource(key); errors.Is(err, store.ErrNotFound) {
		return nil, true, nil
	}
	return []store.Key{key}, true, nil
}

// groupsOf returns the groups that name the id as a member, whether it is a user or a group.
func (s *search) groupsOf(tx store.Tx, id string) ([]store.Key, error) {
	var keys []store.Key
	if !isID(id) {
		return nil, nil
	}
	for _, kind := range []store.Type{store.User, store.Group} {
		for key, err := range tx.GroupsOf(store.Key{Source: s.x.source.Name, Type: kind, ID: id}) {
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b store.Key) int { return strings.Compare(a.ID, b.ID) })
	return slices.Compact(keys), nil
}
