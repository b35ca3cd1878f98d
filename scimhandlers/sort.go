package scimhandlers

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

// position is a place in the order of a list: that of the resource with this id. In a list that is not sorted, types come one after the
// other, and in each the oldest first.
type position struct {
	kind   int    // which of the types that are asked about
	id     string // "" is before the first
	key    string // the value that it is sorted by
	filled bool   // it has such a value
}

// ranked is a resource of a sorted list. Documents are not kept: of 100,000 users that would be hundreds of megabytes.
type ranked = position

// rank notes a resource that belongs into a sorted list.
func (s *search) rank(id string, doc scim.Object) {
	r := ranked{kind: s.kind, id: id}
	if s.t.sortBy != nil {
		r.key, r.filled = s.t.sortBy.Key(doc)
	}
	s.order = append(s.order, r)
}

// compare orders by value; what has none comes last, or first if the order is descending (RFC 7644 section 3.4.2.3). What is equal is in the
// order of types and ids.
func (s *search) compare(a, b position) int {
	order := 0
	switch {
	case a.filled && b.filled:
		order = strings.Compare(a.key, b.key)
	case a.filled:
		order = -1
	case b.filled:
		order = 1
	}
	if s.descending {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(a.kind, b.kind), strings.Compare(a.id, b.id))
}

// showSorted puts the part that is asked for on the page.
func (s *search) showSorted(tx store.Tx) error {
	slices.SortFunc(s.order, s.compare)
	from := s.start - 1
	if s.cursor != nil && s.cursor.id != "" {
		from, _ = slices.BinarySearchFunc(s.order, *s.cursor, func(r, at position) int {
			if s.compare(r, at) <= 0 {
				return -1
			}
			return 1
		})
	}
	for _, r := range s.order[min(from, len(s.order)):] {
		if s.full || s.count == 0 {
			s.more = true
			return nil
		}
		s.t, s.kind = s.kinds[r.kind], r.kind
		stored, err := tx.Stored(s.x.key(s.t.resourceType, r.id))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		s.last = r
		if err := s.show(stored); err != nil {
			return err
		}
	}
	return nil
}
