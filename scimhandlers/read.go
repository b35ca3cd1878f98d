package scimhandlers

import (
	"errors"
	"maps"
	"net/http"

	"scim2slack/scim"
	"scim2slack/store"
)

// read answers GET and HEAD of one resource.
func (x *exchange) read(t *resourceType) error {
	q, err := x.query()
	if err != nil {
		return err
	}
	projection, err := q.projection(t)
	if err != nil {
		return err
	}
	if !isID(x.id) { // such as Users/0, by which PingFederate tests the connection before each operation
		return noResource(t, x.id)
	}
	var s store.Stored
	var body []byte // nil if the client has this version already
	err = x.h.cfg.Store.View(x.r.Context(), func(tx store.Tx) (err error) {
		s, err = tx.Stored(x.key(t, x.id))
		if errors.Is(err, store.ErrNotFound) || err == nil && s.Deleted {
			return noResource(t, x.id)
		}
		if err != nil {
			return err
		}
		if known := x.r.Header.Values("If-None-Match"); len(known) > 0 && matchesTag(known, etag(s.Resource)) {
			return nil
		}
		body, err = newRenderer(x, tx).append(make([]byte, 0, 1024), t, s, projection)
		return err
	})
	if err != nil {
		return err
	}
	x.w.Header().Set("ETag", etag(s.Resource))
	if body == nil {
		x.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_ = x.write(http.StatusOK, body) // an error means that the client has gone
	return nil
}

// live returns the resource in the path: what the request is about is decided by what is stored, never by what it carries.
func (x *exchange) live(tx store.Tx, t *resourceType) (store.Resource, error) {
	if !isID(x.id) {
		return store.Resource{}, noResource(t, x.id)
	}
	r, err := tx.Resource(x.key(t, x.id))
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Deleted {
		return store.Resource{}, noResource(t, x.id)
	}
	return r, err
}

// isID reports whether a text is a UUID in canonical form, as all ids are. What is none need not be looked up.
func isID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case ('0' > c || c > '9') && ('a' > c || c > 'f'):
			return false
		}
	}
	return true
}

// renderer makes the answers of resources within one transaction.
type renderer struct {
	x    *exchange
	tx   store.Tx
	walk *membershipWalk // for lists; nil otherwise
	// elements are groups that were read, as they stand in the groups of their members, and written; nil for one that is deleted.
	elements map[store.Key]groupElement
	groups   []byte // room for the groups of one user
	// members is how many members of groups were rendered.
	members int
}

func newRenderer(x *exchange, tx store.Tx) *renderer {
	return &renderer{x: x, tx: tx, elements: map[store.Key]groupElement{}}
}

// resource makes the answer of a resource. Groups and members are read only if the projection wants them.
func (n *renderer) resource(t *resourceType, r store.Resource, projection scim.Projection) (scim.Object, error) {
	doc := r.Document
	var err error
	switch {
	case t == users && projection.Wants("groups"):
		doc, err = n.withGroups(r)
	case t == groups && projection.Wants("members"):
		doc, err = n.withMembers(r)
	}
	if err != nil {
		return nil, err
	}
	return projection.Apply(t.schema.Render(doc, n.meta(t, r))), nil
}

// append appends the JSON of an answer. A user of whom all is wanted, which is what clients ask for most, is not even read into memory.
func (n *renderer) append(dst []byte, t *resourceType, s store.Stored, projection scim.Projection) ([]byte, error) {
	if t == users && projection.All() && n.x.resource == nil {
		groups, err := n.groupsJSON(s.Key)
		if err != nil {
			return nil, err
		}
		if out, ok := t.schema.AppendStored(dst, s.JSON, groups, n.meta(t, s.Resource)); ok {
			return out, nil
		}
	}
	r, err := n.tx.Resource(s.Key)
	if err != nil {
		return nil, err
	}
	o, err := n.resource(t, r, projection)
	if err != nil {
		return nil, err
	}
	return scim.AppendJSON(dst, n.x.present(o)), nil
}

func (n *renderer) meta(t *resourceType, r store.Resource) scim.Meta {
	return scim.Meta{ID: r.Key.ID, Location: n.x.location(t.kind, r.Key.ID), Version: etag(r), Created: r.Created, Modified: r.Modified}
}

// withGroups returns the document of a user and the groups that name the user as a member (RFC 7643 section 4.1.2).
func (n *renderer) withGroups(r store.Resource) (scim.Object, error) {
	list, err := n.groupsOf(r.Key)
	return with(r.Document, "groups", list), err
}

func (n *renderer) groupsOf(user store.Key) (list []any, err error) {
	keys, err := n.groupKeys(user)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		e, err := n.element(key)
		if err != nil {
			return nil, err
		}
		if e.object != nil {
			list = append(list, e.object)
		}
	}
	return list, nil
}

// groupsJSON is groupsOf as JSON, nil if there are none. It is valid until it is called again.
func (n *renderer) groupsJSON(user store.Key) ([]byte, error) {
	keys, err := n.groupKeys(user)
	if err != nil {
		return nil, err
	}
	n.groups = n.groups[:0]
	for _, key := range keys {
		e, err := n.element(key)
		if err != nil {
			return nil, err
		}
		if e.object != nil {
			n.groups = append(append(n.groups, ','), e.json...)
		}
	}
	if len(n.groups) == 0 {
		return nil, nil
	}
	n.groups[0] = '['
	n.groups = append(n.groups, ']')
	return n.groups, nil
}

func (n *renderer) groupKeys(user store.Key) ([]store.Key, error) {
	if n.walk != nil {
		return n.walk.groupsOf(user)
	}
	return searchGroups(n.tx, user)
}

func searchGroups(tx store.Tx, user store.Key) (keys []store.Key, err error) {
	for key, err := range tx.GroupsOf(user) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// groupElement is a group as it stands in the groups of a member, as an object and as JSON.
type groupElement struct {
	object scim.Object // nil for a group that is deleted
	json   []byte
}

func (n *renderer) element(key store.Key) (groupElement, error) {
	if e, ok := n.elements[key]; ok {
		return e, nil
	}
	r, err := n.tx.Resource(key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return groupElement{}, err
	}
	var e groupElement
	if err == nil && !r.Deleted {
		e.object = scim.Object{"value": key.ID, "display": r.Document.String("displayName"), "type": "direct", "$ref": n.x.location(store.Group, key.ID)}
		e.json = scim.AppendJSON(nil, e.object)
	}
	n.elements[key] = e
	return e, nil
}

// withMembers returns the document of a group and its members.
func (n *renderer) withMembers(r store.Resource) (scim.Object, error) {
	var list []any
	for m, err := range n.tx.Members(r.Key) {
		if err != nil {
			return nil, err
		}
		o := memberObject(m)
		o["$ref"] = n.x.location(m.Type, m.ID)
		list = append(list, o)
	}
	n.members += len(list)
	return with(r.Document, "members", list), nil
}

// with returns a document with a list more. The document is not changed.
func with(doc scim.Object, name string, list []any) scim.Object {
	if len(list) == 0 {
		return doc
	}
	out := make(scim.Object, len(doc)+1)
	maps.Copy(out, doc)
	out[name] = list
	return out
}

// memberObject is a member as an element of members.
func memberObject(m store.Member) scim.Object {
	o := scim.Object{"value": m.ID, "type": string(m.Type)}
	if m.Display != "" {
		o["display"] = m.Display
	}
	return o
}
