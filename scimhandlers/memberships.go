package scimhandlers

import (
	"iter"

	"scim2slack/store"
)

// membershipWalk finds the groups of users who come in the order of their ids, by one walk over the memberships instead of a search
// for each user.
type membershipWalk struct {
	tx   store.Tx
	next func() (store.Membership, error, bool)
	stop func()
	at   store.Membership // the next that is not taken; without a MemberID there is none
	last string           // the user who was asked for last
}

// farAhead is after how many memberships of users nobody asks for a search is cheaper.
const farAhead = 64

// close ends the walk.
func (m *membershipWalk) close() {
	if m.stop != nil {
		m.stop()
	}
}

// groupsOf returns the groups of a user.
func (m *membershipWalk) groupsOf(user store.Key) (keys []store.Key, err error) {
	if m.stop == nil || user.ID <= m.last {
		if err := m.start(user); err != nil {
			return nil, err
		}
	}
	m.last = user.ID
	for passed := 0; m.at.MemberID != "" && m.at.MemberID < user.ID; passed++ {
		if passed == farAhead {
			if err := m.start(user); err != nil {
				return nil, err
			}
			break
		}
		if err := m.advance(); err != nil {
			return nil, err
		}
	}
	for m.at.MemberID == user.ID {
		keys = append(keys, m.at.Group)
		if err := m.advance(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// start begins at a user.
func (m *membershipWalk) start(user store.Key) error {
	m.close()
	m.next, m.stop = iter.Pull2(m.tx.MembershipsFrom(user.Source, user.ID))
	return m.advance()
}

func (m *membershipWalk) advance() error {
	at, err, ok := m.next()
	if !ok {
		at = store.Membership{}
	}
	m.at = at
	return err
}
