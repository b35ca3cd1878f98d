package scimhandlers

import (
	"slices"

	"scim2slack/store"
)

// Where the groups of a person decide whether they are in Slack, or as what, a change of a group concerns its members too. They become
// pending in the same transaction, so that none is forgotten, and only those do whom the change concerns.

// wakeMoved makes those pending who came into the group or left it, and everybody in it if its name is another one.
func (e *edit) wakeMoved(tx store.Tx, renamed bool) error {
	if !e.x.source.GroupsDecide || e.t != groups {
		return nil
	}
	moved := slices.Concat(e.came, e.went)
	if renamed {
		var err error
		if moved, err = withMembers(tx, moved, e.resource.Key); err != nil {
			return err
		}
	}
	seen := map[string]bool{e.resource.Key.ID: true}
	for i := 0; i < len(moved); i++ { // it grows
		id := moved[i]
		if seen[id] {
			continue
		}
		seen[id] = true
		key := store.Key{Source: e.resource.Key.Source, Type: store.User, ID: id}
		live, err := tx.Live(key)
		if err != nil {
			return err
		}
		if !live { // a group in the group, or nobody any more
			if e.x.source.NestedDecide {
				if moved, err = withMembers(tx, moved, store.Key{Source: key.Source, Type: store.Group, ID: id}); err != nil {
					return err
				}
			}
			continue
		}
		if err := store.MarkPending(tx, key); err != nil {
			return err
		}
		e.touched = append(e.touched, key)
	}
	return nil
}

// withMembers adds the members of a group to those whom a change concerns.
func withMembers(tx store.Tx, moved []string, group store.Key) ([]string, error) {
	for m, err := range tx.Members(group) {
		if err != nil {
			return nil, err
		}
		moved = append(moved, m.ID)
	}
	return moved, nil
}
