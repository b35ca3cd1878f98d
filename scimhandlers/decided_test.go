package scimhandlers

import (
	"errors"
	"testing"

	"scim2slack/store"
)

// unreadable is a transaction that cannot tell whether a resource is there.
type unreadable struct {
	store.Tx
	err error
}

func (u unreadable) Live(store.Key) (bool, error) { return false, u.err }

// A store that fails is no member that is gone: the change of the group fails with it, so that nobody whom it concerns is forgotten.
func TestMovedMemberThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	id := w.newUser("ann@x.test")
	disk := errors.New("disk")
	for want, deciding := range map[error]bool{disk: true, nil: false} {
		e := &edit{x: &exchange{source: Source{GroupsDecide: deciding}}, t: groups}
		e.came = []string{id}
		err := w.store.Update(t.Context(), func(tx store.Tx) error { return e.wakeMoved(unreadable{tx, disk}, false) })
		if !errors.Is(err, want) || len(e.touched) != 0 {
			t.Errorf("deciding %v: %v, touched %v", deciding, err, e.touched)
		}
	}
}
