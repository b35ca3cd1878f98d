package scimhandlers

import "scim2slack/store"

// Where the groups of a person decide whether they are in Slack, or as what, a change of a group concerns its members too. They become
// pending in the same transaction, so that none is forgotten, and only those do whom the change concerns.

// wakeMoved makes those pending who came into the group or left it, and everybody in it if its name is another one.
func (e *edit) wakeMoved(tx store.Tx, renamed bool) error {
	if !e.x.source.GroupsDecide || e.t != groups {
		return nil
	}
	if renamed {
		if err := e.addMoved(tx, e.resource.Key); err != nil {
			return err
		}
	}
	seen := map[string]bool{e.resource.Key.ID: true}
	for i := 0; i < len(e.moved); i++ { // it grows
		id := e.moved[i]
		if seen[id] {
			continue
		}
		seen[id] = true
		key := store.Key{Source: e.resource.Key.Source, Type: store.User, ID: id}
		if live, err := tx.Live(key); err != nil {
			return err
		} else if !live { // a group in the group, or nobody any more
			if e.x.source.NestedDecide {
				if err := e.addMoved(tx, store.Key{Source: key.Source, Type: store.Group, ID: id}); err != nil {
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

// addMoved adds the members of a group to those whom the change concerns.
func (e *edit) addMoved(tx store.Tx, group store.Key) error {
	for m, err := range tx.Members(group) {
		if err != nil {
			return err
		}
		e.moved = append(e.moved, m.ID)
	}
	return nil
}
