package scimhandlers

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/google/uuid"

	"scim2slack/dialect"
	"scim2slack/scim"
	"scim2slack/store"
)

// create answers POST.
func (x *exchange) create(t *resourceType) error {
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
	id, err := uuid.NewV7() // made before the transaction, which may run twice
	if err != nil {
		return err
	}
	e := x.newEdit(t, "resource.created")
	key := x.key(t, id.String())
	x.h.creations.begin(key) // until this is answered, another POST of the name is a conflict and not a repetition
	defer x.h.creations.end(key)
	err = e.run(func(tx store.Tx) error {
		e.ignored = in.ignored
		known, doc, err := e.known(tx, in.doc)
		if err != nil {
			return err
		}
		if known == nil {
			e.resource = store.Resource{Key: key, Created: e.now}
			return e.apply(tx, in.doc, in.members)
		}
		e.resource = *known
		return e.apply(tx, doc, in.putMembers(t, false))
	})
	if err != nil {
		return err
	}
	if refused := e.settle(); refused != nil {
		if e.adopted { // as after a PUT, it stays desired
			return refused
		}
		withdrawn, err := e.withdraw()
		if err != nil {
			return err
		}
		if withdrawn {
			return refused
		}
	}
	x.w.Header().Set("Location", x.location(t.kind, e.resource.Key.ID))
	return e.answer(http.StatusCreated, projection)
}

// acknowledge notes that the source has the answer to its POST; as part of a bulk, that it will have it with that.
func (e *edit) acknowledge() {
	if e.x.part != nil {
		e.x.part.made = e.resource.Key
		return
	}
	e.x.h.creations.acknowledge(e.resource.Key)
}

// known looks for a resource that a POST speaks of although it is there, and returns it with the document that it gets: one
// that its source never learned of, or a user, if the source's profile says so. It returns nil if there is nothing of that
// name or externalId, and an *scim.Error (uniqueness) for one that the source knows.
func (e *edit) known(tx store.Tx, doc scim.Object) (*store.Resource, scim.Object, error) {
	var found *store.Resource
	var result scim.Object
	for _, identity := range []struct {
		attribute string
		index     store.Index
	}{{e.t.nameAttribute, e.t.nameIndex}, {"externalId", store.IndexExternalID}} {
		value := doc.String(identity.attribute)
		if value == "" {
			continue
		}
		keys, err := tx.FindResources(e.x.source.Name, e.t.kind, identity.index, value)
		if err != nil {
			return nil, nil, err
		}
		for _, key := range keys {
			if found != nil && found.Key == key {
				continue
			}
			r, again, err := e.again(tx, key, doc)
			if err != nil {
				return nil, nil, err
			}
			if again == nil || found != nil {
				return nil, nil, scim.Errorf(scim.Uniqueness, "%s %q belongs to another %s of this source, with the id %s",
					identity.attribute, value, e.t.noun(), key.ID)
			}
			found, result = &r, again
		}
	}
	return found, result, nil
}

// again returns the document that a POST makes of a resource that is there, or nil if the POST is none of it.
func (e *edit) again(tx store.Tx, key store.Key, doc scim.Object) (r store.Resource, again scim.Object, err error) {
	if r, err = tx.Resource(key); err != nil {
		return r, nil, err
	}
	if !e.x.h.creations.answeredOrUnderWay(key) {
		marked, err := tx.Unacknowledged(key)
		if err != nil {
			return r, nil, err
		}
		if marked { // nobody ever saw it: it becomes what this POST says, and no more
			e.replayed = true
			return r, e.t.schema.Replacement(r.Document, doc), nil
		}
	}
	if key.Type != store.User || !e.adopts(r.Document, doc) {
		return r, nil, nil
	}
	e.adopted = true
	again = maps.Clone(doc)
	if again["active"] == nil {
		again["active"] = true // who is created is there
	}
	return r, e.x.put(e.t, r.Document, again), nil
}

// adopts reports whether a POST is meant for the user that is there. An active user with another externalId is somebody else.
func (e *edit) adopts(there, sent scim.Object) bool {
	revival := there["active"] == false && sent["active"] != false
	switch e.x.source.Profile.PostKnown {
	case dialect.PostRevive:
		return revival
	case dialect.PostAdopt:
		was, is := there.String("externalId"), sent.String("externalId")
		return revival || was == "" || is == "" || was == is
	}
	return false
}

// withdraw removes what a POST made and Slack refused for good, so that what the source was told is true: there is no such
// resource. It reports false, and leaves it alone, if it has moved on meanwhile or Slack may hold something of it.
func (e *edit) withdraw() (withdrawn bool, err error) {
	w := e.x.newEdit(e.t, "resource.withdrawn")
	err = e.x.h.cfg.Store.Update(context.WithoutCancel(e.x.r.Context()), func(tx store.Tx) error {
		withdrawn = false
		w.outcome = outcome{resource: e.resource}
		w.now = time.Now().UTC()
		idle, err := w.refusedAndIdle(tx)
		if err != nil || !idle {
			return err
		}
		if err := errors.Join(w.wakeMoved(tx, true), w.leaveGroups(tx)); err != nil {
			return err
		}
		if err := tx.ForgetResource(e.resource.Key); err != nil {
			return err
		}
		withdrawn = true
		return tx.AppendAudit(w.audit(e.resource, w.event, nil, "Slack refused it for good"))
	})
	if err == nil {
		w.wakeTouched()
	}
	return withdrawn, err
}

// refusedAndIdle reports whether the resource is as the POST left it, refused, unknown to its source and not in Slack.
func (e *edit) refusedAndIdle(tx store.Tx) (bool, error) {
	key := e.resource.Key
	r, err := tx.Resource(key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	st, err := tx.Status(key)
	if err != nil {
		return false, err
	}
	marked, err := tx.Unacknowledged(key)
	if err != nil {
		return false, err
	}
	if r.Generation != e.resource.Generation || r.Deleted || st.Phase != store.Failed || st.Observed < r.Generation || !marked {
		return false, nil
	}
	if _, err := tx.Link(key); !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	if _, err := tx.Intent(key); !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	return true, nil
}
