package scimhandlers

import (
	"strconv"

	"scim2slack/scim"
	"scim2slack/store"
)

// maxPageMembers ends a page of groups early: a page may be shorter than asked for (RFC 7644 section 3.4.2.4), and a hundred groups of
// 50,000 members do not fit into memory. Every page has at least one group.
const maxPageMembers = 100_000

// search gathers one page of a list.
type search struct {
	x *exchange
	*question
	t    *kindQuestion // the type that is looked at
	kind int           // which of the types that is

	renderer *renderer
	total    int    // found so far
	counted  bool   // total is that of the whole list
	page     []byte // the resources of the page as JSON, with commas between them
	shown    int    // how many these are
	full     bool   // the page is complete
	more     bool   // something comes after it
	last     position
	order    []ranked // of a sorted list
}

func (s *search) run(tx store.Tx) error {
	s.renderer = newRenderer(s.x, tx)
	if !s.sorted {
		s.renderer.walk = &membershipWalk{tx: tx}
		defer s.renderer.walk.close()
	}
	s.counted = true
	for i, k := range s.kinds {
		s.t, s.kind = k, i
		if s.cursor != nil && !s.sorted && i < s.cursor.kind {
			continue
		}
		if err := s.gather(tx, i); err != nil {
			return err
		}
		if s.done() {
			break
		}
	}
	if s.sorted {
		return s.showSorted(tx)
	}
	return nil
}

// gather looks through the resources of one type, the i-th.
func (s *search) gather(tx store.Tx, i int) error {
	after := ""
	if s.cursor != nil && !s.sorted && s.cursor.kind == i {
		after = s.cursor.id
	}
	if s.t.filter == nil && !s.sorted {
		if s.cursor != nil {
			return s.allAfter(tx, after)
		}
		return s.all(tx)
	}
	if s.t.filter != nil {
		keys, indexed, err := s.candidates(tx)
		if err != nil {
			return err
		}
		if indexed {
			return s.among(tx, keys, after)
		}
	}
	return s.scan(tx, after)
}

// done reports whether a page by cursor needs nothing more. A page by index goes on, to count.
func (s *search) done() bool { return s.cursor != nil && s.more && !s.sorted }

// all gathers everything. It begins where the page before it ended, if that is remembered, and counts its way there otherwise.
func (s *search) all(tx store.Tx) (err error) {
	n, err := tx.CountResources(s.x.source.Name, s.t.kind)
	if err != nil {
		return err
	}
	before := s.total
	defer func() { s.total = before + n }()
	start := max(s.start-before, 1) // the position within this type
	place := bookmark{source: s.x.source.Name, kind: s.t.kind, start: start}
	after, known := s.x.h.bookmarks.find(place)
	if s.full || s.count == 0 || start > n && !known {
		return nil
	}
	skip := start - 1
	if known {
		skip = 0
	}
	shown := s.shown
	for r, err := range tx.StoredAfter(s.x.source.Name, s.t.kind, after) {
		if err != nil {
			return err
		}
		if skip > 0 {
			skip--
			continue
		}
		if err := s.show(r); err != nil {
			return err
		}
		if s.full {
			place.start = start + s.shown - shown
			s.x.h.bookmarks.put(place, r.Key.ID)
			break
		}
	}
	return nil
}

// allAfter gathers everything after an id.
func (s *search) allAfter(tx store.Tx, after string) error {
	n, err := tx.CountResources(s.x.source.Name, s.t.kind)
	if err != nil {
		return err
	}
	s.total += n
	for r, err := range tx.StoredAfter(s.x.source.Name, s.t.kind, after) {
		if err != nil {
			return err
		}
		if s.more = s.full; s.more {
			return nil
		}
		if err := s.show(r); err != nil {
			return err
		}
	}
	return nil
}

// among looks at the resources of keys, which are in the order of their ids.
func (s *search) among(tx store.Tx, keys []store.Key, after string) error {
	for _, key := range keys {
		if key.ID <= after {
			continue
		}
		r, err := tx.Resource(key)
		if err != nil {
			return err
		}
		if r.Deleted {
			continue
		}
		if err := s.consider(r); err != nil || s.done() {
			return err
		}
	}
	return nil
}

// scan looks at every resource.
func (s *search) scan(tx store.Tx, after string) error {
	ctx := s.x.r.Context()
	s.counted = s.counted && s.cursor == nil || s.sorted
	for r, err := range tx.ResourcesAfter(s.x.source.Name, s.t.kind, after) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // nobody waits for it any more
			return err
		}
		if err := s.consider(r); err != nil || s.done() {
			return err
		}
	}
	return nil
}

// consider takes a resource that matches the filter.
func (s *search) consider(r store.Resource) error {
	doc, err := s.matchable(r)
	if err != nil || s.t.filter != nil && !s.t.filter.Match(s.t.schema, doc) {
		return err
	}
	s.total++
	if s.sorted {
		s.rank(r.Key.ID, doc)
		return nil
	}
	if s.full {
		s.more = true
		return nil
	}
	if s.total < s.start || s.count == 0 {
		return nil
	}
	stored, err := s.renderer.tx.Stored(r.Key)
	if err != nil {
		return err
	}
	return s.show(stored)
}

// show puts a resource on the page.
func (s *search) show(r store.Stored) (err error) {
	if s.shown > 0 {
		s.page = append(s.page, ',')
	}
	if s.page, err = s.renderer.append(s.page, s.t.resourceType, r, s.t.projection); err != nil {
		return err
	}
	s.shown++
	s.last.kind, s.last.id = s.kind, r.Key.ID
	s.full = s.shown == s.count || s.renderer.members >= s.x.h.maxPageMembers
	return nil
}

// head is the JSON of the list up to the resources (RFC 7644 section 3.4.2, RFC 9865 section 2). How many there are in all is left out
// where a cursor spares counting them.
func (s *search) head() ([]byte, error) {
	body := make([]byte, 0, headRoom)
	body = append(body, `{"schemas":["`+s.x.listSchema+`"]`...)
	if s.counted {
		body = strconv.AppendInt(append(body, `,"totalResults":`...), int64(s.total), 10)
	}
	body = strconv.AppendInt(append(body, `,"itemsPerPage":`...), int64(s.shown), 10)
	if s.cursor == nil {
		body = strconv.AppendInt(append(body, `,"startIndex":`...), int64(s.start), 10)
	} else if s.more {
		next, err := s.x.h.sealCursor(s.x.r.Context(), s.last, s.seal)
		if err != nil {
			return nil, err
		}
		body = append(append(append(body, `,"nextCursor":"`...), next...), '"')
	}
	return append(body, `,"Resources":[`...), nil
}

// matchable returns the document with what the filter and the order look at beside it. Little is looked up or made for a filter that
// needs little.
func (s *search) matchable(r store.Resource) (doc scim.Object, err error) {
	doc = r.Document
	uses := func(name string) bool {
		return s.t.filter != nil && s.t.filter.Uses(s.t.schema, name) || s.t.sortBy != nil && s.t.sortBy.Uses(name)
	}
	switch {
	case s.t.resourceType == users && uses("groups"):
		doc, err = s.renderer.withGroups(r)
	case s.t.resourceType == groups && uses("members"):
		doc, err = s.withAskedMembers(r)
	}
	if err != nil {
		return nil, err
	}
	if uses("id") || uses("meta") || uses("schemas") {
		doc = s.t.schema.Render(doc, s.renderer.meta(s.t.resourceType, r))
	}
	return doc, nil
}

// withAskedMembers returns the document of a group and those members that the filter asks for, or all of them if it asks in
// another way than by their ids. Entra asks for each membership by itself: id eq ".." and members eq "..".
func (s *search) withAskedMembers(r store.Resource) (scim.Object, error) {
	ids, ok := askedMembers(s.t.filter)
	if !ok || s.sorted {
		return s.renderer.withMembers(r)
	}
	var list []any
	for _, id := range ids {
		is, err := s.renderer.tx.IsMember(r.Key, id)
		if err != nil {
			return nil, err
		}
		if is {
			list = append(list, scim.Object{"value": id})
		}
	}
	return with(r.Document, "members", list), nil
}

// askedMembers returns the ids of the members that a filter demands, if it asks nothing else of members.
func askedMembers(f *scim.Filter) (ids []string, ok bool) {
	if f == nil {
		return nil, false
	}
	terms := []*scim.Filter{f}
	if f.Op == scim.And {
		terms = f.Terms
	}
	for _, term := range terms {
		if !term.Uses(scim.Groups, "members") {
			continue
		}
		asked := term.Equalities(scim.Groups)
		if term.Op != scim.Eq || len(asked) != 1 || asked[0].Name() != "members.value" || !asked[0].Alone {
			return nil, false
		}
		ids = append(ids, asked[0].Value)
	}
	return ids, true
}
