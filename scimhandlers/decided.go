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
		for m, err := range tx.Members(e.resource.Key) {
			if err != nil {
				return err
			}
			e.moved = append(e.moved, m.ID)
		}
	}
	for _, id := range e.moved {
		key := store.Key{Source: e.resource.Key.Source, Type: store.User, ID: id}
		if live, err := tx.Live(key); err != nil {
			return err
		} else if !live {
			continue // a group in the group, or nobody any more
		}
		if err := store.MarkPending(tx, key); err != nil {
			return err
		}
		e.touched = append(e.touched, key)
	}
	return nil
}
