package storetest

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"scim2slack/scim"
	"scim2slack/store"
)

// model is a store.Tx as simple as can be: maps that every reader searches from end to end. Only its records are state;
// indexes, counts and the pending set are worked out anew each time.
type model struct {
	resources map[store.Key]store.Resource
	unacked   map[store.Key]bool
	members   map[membership]store.Member
	links     map[store.Key]store.Link
	formers   map[string]store.Former
	known     map[known]bool
	statuses  map[store.Key]store.Status
	intents   map[store.Key]store.Intent
	settings  map[string]string
	modelAudit
}

type membership struct {
	group store.Key
	id    string
}

type known struct {
	group   store.Key
	slackID string
}

var _ store.Tx = (*model)(nil)

func newModel() *model {
	return &model{
		resources: map[store.Key]store.Resource{}, unacked: map[store.Key]bool{}, members: map[membership]store.Member{},
		links: map[store.Key]store.Link{}, formers: map[string]store.Former{}, known: map[known]bool{},
		statuses: map[store.Key]store.Status{}, intents: map[store.Key]store.Intent{}, settings: map[string]string{},
	}
}

// clone returns a copy, to go on with if a transaction succeeds. Records are never changed in place.
func (m *model) clone() *model {
	return &model{
		resources: maps.Clone(m.resources), unacked: maps.Clone(m.unacked), members: maps.Clone(m.members),
		links: maps.Clone(m.links), formers: maps.Clone(m.formers), known: maps.Clone(m.known),
		statuses: maps.Clone(m.statuses), intents: maps.Clone(m.intents), settings: maps.Clone(m.settings), modelAudit: m.modelAudit.clone(),
	}
}

// lookup returns what a map holds, or ErrNotFound.
func lookup[K comparable, V any](m map[K]V, k K) (V, error) {
	v, ok := m[k]
	if !ok {
		return v, store.ErrNotFound
	}
	return v, nil
}

// sortedSeq yields the values of a map that belong, ordered by what by says of them.
func sortedSeq[K comparable, V any, T any](m map[K]V, belongs func(K, V) (T, bool), by func(T) string) iter.Seq2[T, error] {
	var found []T
	for k, v := range m {
		if t, ok := belongs(k, v); ok {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return yieldAll(found)
}

func yieldAll[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (m *model) Resource(k store.Key) (store.Resource, error) { return lookup(m.resources, k) }

func (m *model) Stored(k store.Key) (store.Stored, error) {
	r, err := m.Resource(k)
	return stored(r), err
}

// stored keeps the zero value of a resource that is not there.
func stored(r store.Resource) (s store.Stored) {
	if r.Document == nil {
		return s
	}
	s.Resource, s.JSON = r, scim.AppendJSON(nil, r.Document)
	s.Document = nil
	return s
}

func (m *model) StoredAfter(source string, t store.Type, after string) iter.Seq2[store.Stored, error] {
	return func(yield func(store.Stored, error) bool) {
		for r, err := range m.ResourcesAfter(source, t, after) {
			if !yield(stored(r), err) {
				return
			}
		}
	}
}

func (m *model) Live(k store.Key) (bool, error) {
	r, there := m.resources[k]
	return there && !r.Deleted, nil
}

func (m *model) ResourcesAfter(source string, t store.Type, after string) iter.Seq2[store.Resource, error] {
	return sortedSeq(m.resources, func(k store.Key, r store.Resource) (store.Resource, bool) {
		return r, k.Source == source && k.Type == t && k.ID > after && !r.Deleted
	}, func(r store.Resource) string { return r.Key.ID })
}

func (m *model) FindResources(source string, t store.Type, index store.Index, value string) (keys []store.Key, err error) {
	for r := range m.ResourcesAfter(source, t, "") {
		for _, e := range store.IndexEntries(r) {
			if e.Index == index && e.Value == index.Fold(value) {
				keys = append(keys, r.Key)
			}
		}
	}
	return keys, nil
}

func (m *model) CountResources(source string, t store.Type) (n int, err error) {
	for range m.ResourcesAfter(source, t, "") {
		n++
	}
	return n, nil
}

func (m *model) PutResource(r store.Resource) error {
	for _, e := range store.IndexEntries(r) {
		holders, _ := m.FindResources(r.Key.Source, r.Key.Type, e.Index, e.Value)
		for _, holder := range holders {
			if e.Unique && holder != r.Key {
				return &store.ConflictError{Index: e.Index, Value: e.Value, Holder: holder}
			}
		}
	}
	m.resources[r.Key] = r
	return nil
}

func (m *model) ForgetResource(k store.Key) error {
	delete(m.resources, k)
	delete(m.unacked, k)
	delete(m.statuses, k)
	delete(m.intents, k)
	maps.DeleteFunc(m.known, func(n known, _ bool) bool { return n.group == k })
	maps.DeleteFunc(m.members, func(ms membership, _ store.Member) bool {
		return ms.group == k || ms.group.Source == k.Source && ms.id == k.ID
	})
	return nil
}

func (m *model) Unacknowledged(k store.Key) (bool, error) { return m.unacked[k], nil }

func (m *model) SetUnacknowledged(k store.Key, mark bool) error {
	m.unacked[k] = mark
	return nil
}

func (m *model) Members(group store.Key) iter.Seq2[store.Member, error] {
	return sortedSeq(m.members, func(ms membership, member store.Member) (store.Member, bool) {
		return member, ms.group == group
	}, func(member store.Member) string { return member.ID })
}

func (m *model) IsMember(group store.Key, id string) (bool, error) {
	_, ok := m.members[membership{group, id}]
	return ok, nil
}

func (m *model) GroupsOf(member store.Key) iter.Seq2[store.Key, error] {
	return sortedSeq(m.members, func(ms membership, _ store.Member) (store.Key, bool) {
		return ms.group, ms.group.Source == member.Source && ms.id == member.ID
	}, store.Key.String)
}

func (m *model) MembershipsFrom(source, from string) iter.Seq2[store.Membership, error] {
	return sortedSeq(m.members, func(ms membership, _ store.Member) (store.Membership, bool) {
		return store.Membership{MemberID: ms.id, Group: ms.group}, ms.group.Source == source && ms.id >= from
	}, func(ms store.Membership) string { return ms.MemberID + " " + ms.Group.String() })
}

func (m *model) AddMembers(group store.Key, members ...store.Member) (added int, err error) {
	for _, member := range members {
		k := membership{group, member.ID}
		if _, ok := m.members[k]; !ok {
			added++
		}
		m.members[k] = member
	}
	return added, nil
}

func (m *model) RemoveMembers(group store.Key, ids ...string) (removed int, err error) {
	for _, id := range ids {
		k := membership{group, id}
		if _, ok := m.members[k]; ok {
			removed++
		}
		delete(m.members, k)
	}
	return removed, nil
}

func (m *model) Link(k store.Key) (store.Link, error) { return lookup(m.links, k) }

func (m *model) LinkOf(t store.Type, slackID string) (store.Link, error) {
	for k, l := range m.links {
		if k.Type == t && l.SlackID == slackID {
			return l, nil
		}
	}
	return store.Link{}, store.ErrNotFound
}

func (m *model) AllLinks() iter.Seq2[store.Link, error] {
	return sortedSeq(m.links, func(_ store.Key, l store.Link) (store.Link, bool) { return l, true },
		func(l store.Link) string { return l.Key.String() })
}

func (m *model) PutLink(l store.Link) error {
	if other, err := m.LinkOf(l.Key.Type, l.SlackID); err == nil && other.Key != l.Key {
		return &store.LinkedError{SlackID: l.SlackID, Holder: other.Key}
	}
	if other, err := m.Link(l.Key); err == nil && other.SlackID != l.SlackID {
		return &store.LinkedError{SlackID: other.SlackID, Holder: l.Key}
	}
	m.links[l.Key] = l
	return nil
}

func (m *model) DeleteLink(k store.Key) error {
	delete(m.links, k)
	maps.DeleteFunc(m.known, func(n known, _ bool) bool { return n.group == k })
	return nil
}

func (m *model) SlackMembers(group store.Key) iter.Seq2[string, error] {
	return sortedSeq(m.known, func(n known, _ bool) (string, bool) { return n.slackID, n.group == group },
		func(id string) string { return id })
}

func (m *model) ChangeSlackMembers(group store.Key, add, remove []string) error {
	for _, id := range add {
		m.known[known{group, id}] = true
	}
	for _, id := range remove {
		delete(m.known, known{group, id})
	}
	return nil
}
