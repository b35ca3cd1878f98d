package scimhandlers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"scim2slack/store"
)

// The records of a group tell who came and who went: played from the first to the last they give its members, whatever was sent, also those
// twice who are there already or never were.
func TestRecordsGiveTheMembers(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(t)
		rnd := rand.New(rand.NewPCG(seed, 11))
		var people []string
		for i := range 5 {
			people = append(people, w.newUser(fmt.Sprintf("p%d@x.test", i)))
		}
		some := func() []any {
			var members []any
			for range rnd.IntN(4) {
				member := object{"value": people[rnd.IntN(len(people))]}
				if rnd.IntN(3) == 0 {
					member["display"] = fmt.Sprint("display ", rnd.IntN(3))
				}
				members = append(members, member)
			}
			return append(members, object{"value": nobody})
		}
		group := w.must(201, "POST", "/Groups", object{"displayName": "Eng", "members": some()}).body.String("id")
		for range 30 {
			switch rnd.IntN(5) {
			case 0:
				w.must(200, "PUT", "/Groups/"+group, object{"displayName": "Eng", "members": some()})
			case 1:
				i := rnd.IntN(len(people))
				w.must(204, "DELETE", "/Users/"+people[i], nil)
				people[i] = w.newUser(fmt.Sprintf("p%d@x.test", i))
			default:
				op := []string{"add", "remove", "replace"}[rnd.IntN(3)]
				w.must(204, "PATCH", "/Groups/"+group, patchBody(object{"op": op, "path": "members", "value": some()}))
			}
		}
		members := []string{}
		w.view(func(tx store.Tx) error {
			for a, err := range tx.AuditOf(w.key(store.Group, group)) {
				if err != nil {
					return err
				}
				for _, id := range a.Removed {
					if !slices.Contains(members, id) {
						t.Errorf("seed %d: %s went and was not there", seed, id)
					}
				}
				members = slices.DeleteFunc(members, func(id string) bool { return slices.Contains(a.Removed, id) })
				for _, id := range a.Added {
					if slices.Contains(members, id) {
						t.Errorf("seed %d: %s came and was there", seed, id)
					}
					members = append(members, id)
				}
			}
			return nil
		})
		if want := w.members(group); !slices.Equal(sorted(members...), want) {
			t.Errorf("seed %d: the records give %v, the group has %v", seed, sorted(members...), want)
		}
	}
}
