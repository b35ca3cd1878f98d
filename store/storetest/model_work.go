package storetest

import (
	"iter"
	"slices"

	"scim2slack/store"
)

func (m *model) FindFormer(source string, index store.Index, value string) (found []store.Former, err error) {
	for _, f := range m.formers {
		identity := map[store.Index]string{
			store.IndexUserName: f.UserName, store.IndexExternalID: f.ExternalID, store.IndexEmail: f.Email,
		}[index]
		if f.Source == source && identity != "" && index.Fold(identity) == index.Fold(value) {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b store.Former) int { return b.Ended.Compare(a.Ended) })
	return found, nil
}

func (m *model) PutFormer(f store.Former) error {
	m.formers[f.SlackID] = f
	return nil
}

func (m *model) DeleteFormer(slackID string) error {
	delete(m.formers, slackID)
	return nil
}

func (m *model) Status(k store.Key) (store.Status, error) {
	s, ok := m.statuses[k]
	if !ok {
		s.Key = k
	}
	return s, nil
}

func (m *model) PutStatus(s store.Status) error {
	m.statuses[s.Key] = s
	return nil
}

func (m *model) Statuses() iter.Seq2[store.Status, error] {
	return sortedSeq(m.statuses, func(_ store.Key, s store.Status) (store.Status, bool) { return s, true },
		func(s store.Status) string { return s.Key.String() })
}

func (m *model) PendingKeys() iter.Seq2[store.Status, error] {
	work := map[store.Key]store.Status{}
	for k, s := range m.statuses {
		if s.Phase == store.Pending {
			work[k] = s
		}
	}
	for k, r := range m.resources {
		if s, _ := m.Status(k); r.Generation > s.Observed {
			work[k] = s
		}
	}
	return sortedSeq(work, func(_ store.Key, s store.Status) (store.Status, bool) { return s, true },
		func(s store.Status) string { return s.Key.String() })
}

func (m *model) Intent(k store.Key) (store.Intent, error) { return lookup(m.intents, k) }

func (m *model) PutIntent(i store.Intent) error {
	m.intents[i.Key] = i
	return nil
}

func (m *model) DeleteIntent(k store.Key) error {
	delete(m.intents, k)
	return nil
}

func (m *model) Setting(name string) ([]byte, error) {
	s, err := lookup(m.settings, name)
	return []byte(s), err
}

func (m *model) PutSetting(name string, value []byte) error {
	m.settings[name] = string(value)
	return nil
}
