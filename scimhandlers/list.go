package scimhandlers

import (
	"scim2slack/scim"
	"scim2slack/store"
)

// maxPageMembers ends a page of groups early: a page may be shorter than asked for (RFC 7644 section 3.4.2.4), and a hundred groups of
// 50,000 members do not fit into memory. Every page has at least one group.
const maxPageMembers = 100_000

// list answers GET of users or groups, oldest first. Only resources that the source itself pushed are ever in a list.
func (x *exchange) list(t *resourceType) error {
	s := search{x: x, t: t, found: []any{}}
	q, err := x.query()
	if err != nil {
		return err
	}
	if s.start, s.count, err = q.page(); err != nil {
		return err
	}
	if s.projection, err = q.projection(t); err != nil {
		return err
	}
	if s.filter, err = q.filter(t); err != nil {
		return err
	}
	if err := x.h.cfg.Store.View(x.r.Context(), s.run); err != nil {
		return err
	}
	_ = x.writeList(s.total, s.start, s.found) // an error means that the client has gone
	return nil
}

// search gathers one page of a list.
type search struct {
	x          *exchange
	t          *resourceType
	filter     *scim.Filter // nil for all
	projection scim.Projection
	start      int // position of the first resource that is wanted, from 1
	count      int // how many are wanted

	renderer *renderer
	total    int   // found so far
	found    []any // those of the page
	members  int   // in found
	full     bool  // the page is complete
}

func (s *search) run(tx store.Tx) error {
	s.renderer = newRenderer(s.x, tx)
	if s.filter == nil {
		return s.all(tx)
	}
	keys, indexed, err := s.candidates(tx)
	if err != nil {
		return err
	}
	if !indexed {
		return s.scan(tx)
	}
	for _, key := range keys {
		r, err := tx.Resource(key)
		if err != nil {
			return err
		}
		if r.Deleted {
			continue
		}
		if err := s.consider(r); err != nil {
			return err
		}
	}
	return nil
}

// all gathers a page of everything. It begins where the page before it ended, if that is remembered, and counts its way there
// otherwise.
func (s *search) all(tx store.Tx) (err error) {
	total, err := tx.CountResources(s.x.source.Name, s.t.kind)
	if err != nil {
		return err
	}
	place := bookmark{source: s.x.source.Name, kind: s.t.kind, start: s.start}
	after, known := s.x.h.bookmarks.find(place)
	if s.count == 0 || s.start > total && !known {
		s.total = total
		return nil
	}
	if known {
		s.total = s.start - 1
	}
	for r, err := range tx.ResourcesAfter(s.x.source.Name, s.t.kind, after) {
		if err != nil {
			return err
		}
		if err := s.take(r); err != nil {
			return err
		}
		if s.full {
			place.start = s.start + len(s.found)
			s.x.h.bookmarks.put(place, r.Key.ID)
			break
		}
	}
	s.total = total
	return nil
}

// scan looks at every resource.
func (s *search) scan(tx store.Tx) error {
	ctx := s.x.r.Context()
	for r, err := range tx.ResourcesAfter(s.x.source.Name, s.t.kind, "") {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil { // nobody waits for it any more
			return err
		}
		if err := s.consider(r); err != nil {
			return err
		}
	}
	return nil
}

// consider takes a resource that matches the filter.
func (s *search) consider(r store.Resource) error {
	doc, err := s.matchable(r)
	if err != nil || !s.filter.Match(s.t.schema, doc) {
		return err
	}
	return s.take(r)
}

// take counts a resource, and renders it if it is on the page.
func (s *search) take(r store.Resource) error {
	s.total++
	if s.total < s.start || s.full || s.count == 0 {
		return nil
	}
	o, err := s.renderer.resource(s.t, r, s.projection)
	if err != nil {
		return err
	}
	s.found = append(s.found, o)
	s.members += len(o.List("members"))
	s.full = len(s.found) == s.count || s.members >= s.x.h.maxPageMembers
	return nil
}

// matchable returns the document with what the filter looks at beside it. Little is looked up or made for a filter that needs little.
func (s *search) matchable(r store.Resource) (doc scim.Object, err error) {
	doc = r.Document
	uses := func(name string) bool { return s.filter.Uses(s.t.schema, name) }
	switch {
	case s.t == users && uses("groups"):
		doc, err = s.renderer.withGroups(r)
	case s.t == groups && uses("members"):
		doc, err = s.withAskedMembers(r)
	}
	if err != nil {
		return nil, err
	}
	if uses("id") || uses("meta") || uses("schemas") {
		doc = s.t.schema.Render(doc, s.renderer.meta(s.t, r))
	}
	return doc, nil
}

// withAskedMembers returns the document of a group and those members that the filter asks for, or all of them if it asks in
// another way than by their ids. Entra asks for each membership by itself: id eq ".." and members eq "..".
func (s *search) withAskedMembers(r store.Resource) (scim.Object, error) {
	ids, ok := askedMembers(s.filter)
	if !ok {
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
