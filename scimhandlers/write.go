package scimhandlers

import (
	"errors"
	"net/http"
	"strings"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

// document is the body of a POST or PUT.
type document struct {
	doc     scim.Object // canonical, without members
	members []scim.MemberChange
	ignored []string
}

func (x *exchange) document(t *resourceType) (in document, err error) {
	body, err := x.body(t)
	if err != nil {
		return in, err
	}
	if err := x.checkID(body); err != nil {
		return in, err
	}
	if t == groups {
		if body, in.members, err = takeMembers(body); err != nil {
			return in, err
		}
	}
	if in.doc, in.ignored, err = t.schema.Canonical(body); err != nil {
		return in, err
	}
	return in, x.checkUnknown(scim.InvalidSyntax, in.ignored)
}

// checkID refuses a body that carries another id than the path: whoever wrote it may mean another resource than the one that
// would be changed. A POST has no id to compare with, and one that it carries is not taken.
func (x *exchange) checkID(body scim.Object) error {
	for name, value := range body {
		if id, ok := value.(string); ok && x.id != "" && id != "" && id != x.id && strings.EqualFold(name, "id") {
			return scim.Errorf(scim.Mutability, "the id in the body, %s, is not the one in the address, %s; an id cannot be changed",
				shorten(id), shorten(x.id))
		}
	}
	return nil
}

// checkUnknown refuses attributes that the schemas do not have, if the source wishes so.
func (x *exchange) checkUnknown(t scim.ErrorType, ignored []string) error {
	if len(ignored) == 0 || x.source.Profile.Unknown != dialect.UnknownReject {
		return nil
	}
	return scim.Errorf(t, "the schemas do not have %s; see /Schemas for what there is, or let the gateway ignore it with unknown: ignore",
		strings.Join(shortenAll(ignored[:min(len(ignored), mostNames)]), ", "))
}

// put returns what a PUT makes of a document.
func (x *exchange) put(t *resourceType, stored, sent scim.Object) scim.Object {
	if x.source.Profile.Put == dialect.PutClear {
		return t.schema.Replacement(stored, sent)
	}
	return t.schema.Merge(stored, sent)
}

// putMembers are the changes that a full representation makes of a group's members.
func (in document) putMembers(t *resourceType, keep bool) []scim.MemberChange {
	if t == groups && len(in.members) == 0 && !keep {
		return []scim.MemberChange{{Kind: scim.ClearMembers}}
	}
	return in.members
}

// replace answers PUT.
func (x *exchange) replace(t *resourceType) error {
	q, err := x.query()
	if err != nil {
		return err
	}
	projection, err := q.projection(t)
	if err != nil {
		return err
	}
	in, err := x.document(t)
	if err != nil {
		return err
	}
	e := x.newEdit(t, "resource.replaced")
	err = e.run(func(tx store.Tx) error {
		if err := e.load(tx); err != nil {
			return err
		}
		e.ignored = in.ignored
		return e.apply(tx, x.put(t, e.resource.Document, in.doc), in.putMembers(t, x.source.Profile.GroupPutWithoutMembers == dialect.GroupPutKeep))
	})
	if err != nil {
		return err
	}
	return e.finish(http.StatusOK, projection)
}

// patch answers PATCH.
func (x *exchange) patch(t *resourceType) error {
	q, err := x.query()
	if err != nil {
		return err
	}
	projection, err := q.projection(t)
	if err != nil {
		return err
	}
	operations, changes, err := x.operations(t)
	if err != nil {
		return err
	}
	e := x.newEdit(t, "resource.patched")
	err = e.run(func(tx store.Tx) error {
		if err := e.load(tx); err != nil {
			return err
		}
		doc, ignored, err := t.schema.Patch(e.resource.Document, operations)
		if err != nil {
			return err
		}
		if err := x.checkUnknown(scim.InvalidPath, ignored); err != nil {
			return err
		}
		e.ignored = ignored
		return e.apply(tx, doc, changes)
	})
	if err != nil {
		return err
	}
	return e.finish(x.patchStatus(t, q), projection)
}

// patchStatus is 200 with the resource, which Entra expects of a user, or 204, because a group may be large. Attributes that are asked
// for are answered (RFC 7644 section 3.5.2).
func (x *exchange) patchStatus(t *resourceType, q query) int {
	switch {
	case strings.TrimSpace(q["attributes"]) != "":
		return http.StatusOK
	case t == groups:
		return x.source.Profile.PatchGroup
	}
	return x.source.Profile.PatchUser
}

// operations reads the body of a PATCH, with the members of a group apart.
func (x *exchange) operations(t *resourceType) (operations []scim.Operation, changes []scim.MemberChange, err error) {
	body, err := x.body(t)
	if err != nil {
		return nil, nil, err
	}
	if body, err = x.protocol.patch(t, body); err != nil {
		return nil, nil, err
	}
	if operations, err = scim.ParsePatch(body); err != nil {
		return nil, nil, err
	}
	for _, op := range operations {
		if value, ok := op.Value.(scim.Object); ok && op.Path == nil {
			if err := x.checkID(value); err != nil {
				return nil, nil, err
			}
		}
	}
	if t == groups {
		operations, changes, err = scim.SplitMembers(operations)
	}
	return operations, changes, err
}

// remove answers DELETE. The resource becomes a tombstone, which nobody finds any more, until Slack has followed. The answer
// does not wait for that: whatever Slack says, the source has removed it.
func (x *exchange) remove(t *resourceType) error {
	e := x.newEdit(t, "resource.deleted")
	err := e.run(func(tx store.Tx) error {
		if err := e.load(tx); err != nil {
			return err
		}
		e.resource.Deleted = true
		if err := e.put(tx, e.resource.Document); err != nil {
			return err
		}
		if err := e.markAcknowledged(tx); err != nil {
			return err
		}
		if err := tx.AppendAudit(e.audit(e.resource, e.event, nil, "")); err != nil {
			return err
		}
		if err := e.wakeMoved(tx, true); err != nil {
			return err
		}
		return e.leaveGroups(tx)
	})
	if plain := (*httpError)(nil); x.forgiving && errors.As(err, &plain) && plain.status == http.StatusNotFound && isID(x.id) {
		x.w.WriteHeader(http.StatusOK)
		return nil
	}
	if err != nil {
		return err
	}
	x.h.cfg.Syncer.Enqueue(e.resource.Key)
	e.wakeTouched()
	if x.forgiving {
		x.w.WriteHeader(http.StatusOK)
		return nil
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}
