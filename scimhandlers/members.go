package scimhandlers

import (
	"errors"
	"slices"
	"strings"

	"scim2slack/scim"
	"scim2slack/store"
)

// takeMembers parts what the body of a POST or PUT says of the members of a group from the rest. no change means that it says nothing
// of them, which is something else than an empty list.
func takeMembers(body scim.Object) (rest scim.Object, changes []scim.MemberChange, err error) {
	// SplitMembers reads members as leniently as in a PATCH, and speaks of operations.
	rests, changes, err := scim.SplitMembers([]scim.Operation{{Number: 1, Kind: scim.OpReplace, Value: body, HasValue: true}})
	var fault *scim.Error
	if errors.As(err, &fault) {
		return nil, nil, scim.Errorf(fault.Type, "%s", strings.TrimPrefix(fault.Detail, "operation 1 (replace): "))
	}
	if err != nil || len(rests) == 0 {
		return scim.Object{}, changes, err
	}
	rest, _ = rests[0].Value.(scim.Object)
	return rest, changes, nil
}

// changeMembers applies the changes in their order. Members that are no live resource of the source are left out and the others taken,
// because one unknown id must not refuse a push of thousands (push-clients.md section 3.1).
func (e *edit) changeMembers(tx store.Tx, changes []scim.MemberChange) (err error) {
	for _, change := range changes {
		switch change.Kind {
		case scim.AddMembers:
			err = e.addMembers(tx, change.Members)
		case scim.ReplaceMembers:
			err = e.replaceMembers(tx, change.Members)
		case scim.ClearMembers:
			err = e.replaceMembers(tx, nil)
		case scim.RemoveMembers:
			err = e.removeMembers(tx, change)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addMembers reads only the members it adds, not the group.
func (e *edit) addMembers(tx store.Tx, sent []scim.Object) error {
	var members []store.Member
	met := map[string]bool{}
	for _, o := range sent {
		id, there := o.String("value"), false
		if isID(id) {
			var err error
			if there, err = tx.IsMember(e.resource.Key, id); err != nil {
				return err
			}
		}
		if met[id] && id != "" || there && o["display"] == nil {
			continue
		}
		met[id] = true
		m, known, err := e.resolveMember(tx, o)
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		if members = append(members, m); !there {
			e.came = append(e.came, id)
		}
	}
	_, err := tx.AddMembers(e.resource.Key, members...)
	return err
}

// replaceMembers makes those sent the members, by the difference to those that are there. A list of nothing but unknown members is
// a mistake of the source, and changes nothing.
func (e *edit) replaceMembers(tx store.Tx, sent []scim.Object) error {
	current := map[string]store.Member{}
	for m, err := range tx.Members(e.resource.Key) {
		if err != nil {
			return err
		}
		current[m.ID] = m
	}
	add, kept, err := e.sortOut(tx, sent, current)
	if err != nil {
		return err
	}
	if len(sent) > 0 && len(kept) == 0 {
		return nil
	}
	var gone []string
	for id := range current {
		if !kept[id] {
			gone = append(gone, id)
		}
	}
	e.went = append(e.went, gone...)
	for _, m := range add {
		if _, there := current[m.ID]; !there {
			e.came = append(e.came, m.ID)
		}
	}
	if _, err := tx.RemoveMembers(e.resource.Key, gone...); err != nil {
		return err
	}
	_, err = tx.AddMembers(e.resource.Key, add...)
	return err
}

// sortOut returns which of the members sent are to be written, and the ids of all that are known. One that is there already
// is known without being looked up.
func (e *edit) sortOut(tx store.Tx, sent []scim.Object, current map[string]store.Member) (add []store.Member, kept map[string]bool, err error) {
	kept = make(map[string]bool, len(sent))
	for _, o := range sent {
		id := o.String("value")
		if kept[id] {
			continue
		}
		m, there := current[id]
		if there {
			kept[id] = true
			if display := o.String("display"); display != "" && display != m.Display {
				m.Display = display
				add = append(add, m)
			}
			continue
		}
		m, known, err := e.resolveMember(tx, o)
		if err != nil {
			return nil, nil, err
		}
		if known {
			kept[id] = true
			add = append(add, m)
		}
	}
	return add, kept, nil
}

func (e *edit) removeMembers(tx store.Tx, change scim.MemberChange) error {
	var gone []string
	for _, o := range change.Members {
		id := o.String("value")
		if id == "" {
			e.unknown = append(e.unknown, o.String("display"))
			continue
		}
		there, err := tx.IsMember(e.resource.Key, id)
		if err != nil {
			return err
		}
		if there {
			gone = append(gone, id)
		}
	}
	if change.Filter != nil {
		attribute := scim.Groups.Attribute("", "members")
		for m, err := range tx.Members(e.resource.Key) {
			if err != nil {
				return err
			}
			if change.Filter.MatchElement(attribute, memberObject(m)) {
				gone = append(gone, m.ID)
			}
		}
	}
	slices.Sort(gone)
	gone = slices.Compact(gone)
	e.went = append(e.went, gone...)
	_, err := tx.RemoveMembers(e.resource.Key, gone...)
	return err
}

// resolveMember finds the resource that a member names. One that is not known is noted. A group that names itself is an error:
// nothing could ever make sense of it.
func (e *edit) resolveMember(tx store.Tx, o scim.Object) (m store.Member, known bool, err error) {
	m = store.Member{ID: o.String("value"), Display: o.String("display")}
	if m.ID == e.resource.Key.ID {
		return m, false, scim.Errorf(scim.InvalidValue, "a group cannot be a member of itself (%s)", m.ID)
	}
	if m.ID == "" {
		e.unknown = append(e.unknown, m.Display)
		return m, false, nil
	}
	kinds := []store.Type{store.User, store.Group}
	if strings.EqualFold(o.String("type"), string(store.Group)) {
		kinds = []store.Type{store.Group, store.User}
	}
	for _, m.Type = range kinds {
		if !isID(m.ID) {
			break
		}
		live, err := tx.Live(store.Key{Source: e.x.source.Name, Type: m.Type, ID: m.ID})
		if live || err != nil {
			return m, live, err
		}
	}
	e.unknown = append(e.unknown, m.ID)
	return m, false, nil
}
