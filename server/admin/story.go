package admin

import (
	"cmp"
	"errors"

	"scim2slack/store"
)

func (s *Story) addLink(tx store.Tx) error {
	link, err := tx.Link(s.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Link = &Link{SlackID: link.SlackID, Origin: link.Origin, MatchedBy: link.MatchedBy, Linked: link.Linked, Applied: link.Applied,
		Altered: link.Altered, WithheldEmail: link.WithheldEmail, Name: link.Name}
	if s.Key.Type == store.User {
		s.Link.Active = &link.Active
	}
	return nil
}

func (s *Story) addStatus(tx store.Tx) error {
	st, err := tx.Status(s.Key)
	if err != nil {
		return err
	}
	if st.Phase == "" && s.Resource == nil {
		return nil
	}
	s.Status = &State{Phase: cmp.Or(st.Phase, store.Pending), Observed: st.Observed, Attempts: st.Attempts, NextAttempt: st.NextAttempt, Reason: st.Reason,
		Message: st.Message, Warnings: append([]string{}, st.Warnings...), Updated: st.Updated}
	if s.Resource != nil && s.Resource.Generation > st.Observed {
		s.Status.Phase = store.Pending
	}
	return nil
}

func (s *Story) addIntent(tx store.Tx) error {
	intent, err := tx.Intent(s.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		s.Intent = &Intent{intent.Op, intent.Generation, intent.SlackID, intent.Sent, intent.GivenUp}
	}
	return err
}

func (s *Story) addMembership(tx store.Tx) error {
	if s.Key.Type == store.Group {
		return s.addMembers(tx)
	}
	for key, err := range tx.GroupsOf(s.Key) {
		if err != nil {
			return err
		}
		if len(s.Groups) == membersTold {
			break
		}
		group, err := member(tx, key, "")
		if err != nil {
			return err
		}
		s.Groups = append(s.Groups, group)
	}
	return nil
}

func (s *Story) addMembers(tx store.Tx) error {
	for m, err := range tx.Members(s.Key) {
		if err != nil {
			return err
		}
		if s.MemberCount++; s.MemberCount > membersTold {
			continue
		}
		told, err := member(tx, store.Key{Source: s.Key.Source, Type: m.Type, ID: m.ID}, m.Display)
		if err != nil {
			return err
		}
		s.Members = append(s.Members, told)
	}
	for _, err := range tx.SlackMembers(s.Key) {
		if err != nil {
			return err
		}
		s.SlackMembers++
	}
	return nil
}

// member names the other side of a membership; display serves if the resource is unknown.
func member(tx store.Tx, key store.Key, display string) (Member, error) {
	m := Member{ID: key.ID, Type: key.Type, Name: display}
	r, err := tx.Resource(key)
	if err == nil {
		m.Name = nameOf(r)
	} else if !errors.Is(err, store.ErrNotFound) {
		return m, err
	}
	link, err := tx.Link(key)
	if err == nil {
		m.SlackID = link.SlackID
	} else if !errors.Is(err, store.ErrNotFound) {
		return m, err
	}
	return m, nil
}

func (s *Story) addAudit(tx store.Tx) error {
	s.Audit = []Record{}
	for a, err := range tx.AuditOf(s.Key) {
		if err != nil {
			return err
		}
		if len(s.Audit) == recordsTold {
			s.Audit = s.Audit[1:]
			s.EarlierRecords++
		}
		s.Audit = append(s.Audit, recordOf(a))
	}
	return nil
}
