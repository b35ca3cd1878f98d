package storetest

import (
	"fmt"

	"pgregory.net/rapid"

	"scim2slack/store"
)

// drawCall draws a call that writes. What is read is compared by observe.
func drawCall(t *rapid.T) call {
	k := rapid.SampledFrom(worldKeys()).Draw(t, "key")
	draw := rapid.SampledFrom([]func(*rapid.T, store.Key) call{
		drawPut, drawPut, drawPut, drawForget, drawMembers, drawMembers, drawLink, drawLink, drawFormer, drawKnown,
		drawStatus, drawStatus, drawIntent, drawJournal,
	}).Draw(t, "call")
	return draw(t, k)
}

// writing returns a call that answers with an error only.
func writing(name string, argument any, do func(tx store.Tx) error) call {
	return call{fmt.Sprintf("%s(%+v)", name, argument), func(tx store.Tx) string { return problem(tx, do(tx)) }}
}

func drawPut(t *rapid.T, k store.Key) call {
	r := drawResource(t, k)
	return writing("PutResource", r, func(tx store.Tx) error { return tx.PutResource(r) })
}

func drawForget(t *rapid.T, k store.Key) call {
	if rapid.Bool().Draw(t, "whole") {
		return writing("ForgetResource", k, func(tx store.Tx) error { return tx.ForgetResource(k) })
	}
	mark := rapid.Bool().Draw(t, "mark")
	return writing("SetUnacknowledged", []any{k, mark}, func(tx store.Tx) error { return tx.SetUnacknowledged(k, mark) })
}

func drawMembers(t *rapid.T, k store.Key) call {
	ns := rapid.SliceOfN(rapid.IntRange(1, 5), 0, 4).Draw(t, "members")
	k = store.Key{Source: k.Source, Type: store.Group, ID: id(rapid.SampledFrom(worldGroups).Draw(t, "group"))}
	if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
		var ids []string
		for _, n := range ns {
			ids = append(ids, id(n))
		}
		return call{fmt.Sprintf("RemoveMembers(%s, %v)", k, ids), func(tx store.Tx) string {
			removed, err := tx.RemoveMembers(k, ids...)
			return fmt.Sprint(removed, problem(tx, err))
		}}
	}
	var members []store.Member
	for _, n := range ns {
		m := store.Member{ID: id(n), Type: store.User, Display: rapid.SampledFrom(worldNames).Draw(t, "display")}
		if n >= worldGroups[0] {
			m.Type = store.Group
		}
		members = append(members, m)
	}
	return call{fmt.Sprintf("AddMembers(%s, %+v)", k, members), func(tx store.Tx) string {
		added, err := tx.AddMembers(k, members...)
		return fmt.Sprint(added, problem(tx, err))
	}}
}

func drawLink(t *rapid.T, k store.Key) call {
	if rapid.Bool().Draw(t, "common") { // often the same few meet
		k = worldKeys()[rapid.IntRange(0, 1).Draw(t, "linked")]
	}
	if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
		return writing("DeleteLink", k, func(tx store.Tx) error { return tx.DeleteLink(k) })
	}
	l := store.Link{
		Key: k, SlackID: rapid.SampledFrom(worldSlack).Draw(t, "SlackID"), Origin: store.Matched,
		Linked: at(1), Active: rapid.Bool().Draw(t, "active"), Name: rapid.SampledFrom(worldNames).Draw(t, "name"),
	}
	return writing("PutLink", l, func(tx store.Tx) error { return tx.PutLink(l) })
}

func drawFormer(t *rapid.T, k store.Key) call {
	n := rapid.IntRange(0, len(worldSlack)-1).Draw(t, "Slack")
	slackID := worldSlack[n]
	if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
		return writing("DeleteFormer", slackID, func(tx store.Tx) error { return tx.DeleteFormer(slackID) })
	}
	name := rapid.SampledFrom(worldNames)
	f := store.Former{
		Source: k.Source, SlackID: slackID, ID: k.ID, UserName: name.Draw(t, "userName"), ExternalID: name.Draw(t, "externalId"),
		Email: name.Draw(t, "email"),
		Ended: at(n), // never two at the same time
	}
	return writing("PutFormer", f, func(tx store.Tx) error { return tx.PutFormer(f) })
}

func drawKnown(t *rapid.T, k store.Key) call {
	ids := rapid.SliceOfN(rapid.SampledFrom(worldSlack), 0, 3)
	add, remove := ids.Draw(t, "add"), ids.Draw(t, "remove")
	for _, id := range add { // what is named in both is nobody's promise
		for i := len(remove) - 1; i >= 0; i-- {
			if remove[i] == id {
				remove = append(remove[:i:i], remove[i+1:]...)
			}
		}
	}
	return writing("ChangeSlackMembers", []any{k, add, remove}, func(tx store.Tx) error { return tx.ChangeSlackMembers(k, add, remove) })
}

func drawStatus(t *rapid.T, k store.Key) call {
	s := store.Status{
		Key: k, Observed: uint64(rapid.IntRange(0, 4).Draw(t, "observed")),
		Phase:       rapid.SampledFrom([]store.Phase{store.Pending, store.Synced, store.Skipped, store.Failed, store.Held}).Draw(t, "phase"),
		NextAttempt: at(60), Warnings: rapid.SliceOfN(rapid.SampledFrom(worldNames), 0, 2).Draw(t, "warnings"),
	}
	return writing("PutStatus", s, func(tx store.Tx) error { return tx.PutStatus(s) })
}

func drawIntent(t *rapid.T, k store.Key) call {
	if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
		return writing("DeleteIntent", k, func(tx store.Tx) error { return tx.DeleteIntent(k) })
	}
	i := store.Intent{Key: k, Op: "updateUser", Email: rapid.SampledFrom(worldNames).Draw(t, "email"), Sent: at(1)}
	return writing("PutIntent", i, func(tx store.Tx) error { return tx.PutIntent(i) })
}

func drawJournal(t *rapid.T, k store.Key) call {
	detail := rapid.SampledFrom(worldNames).Draw(t, "detail")
	if rapid.IntRange(0, 2).Draw(t, "setting") == 0 {
		return writing("PutSetting", detail, func(tx store.Tx) error { return tx.PutSetting("brake", []byte(detail)) })
	}
	if rapid.IntRange(0, 4).Draw(t, "trim") == 0 {
		before, most := at(rapid.IntRange(0, 4).Draw(t, "before")), rapid.IntRange(1, 3).Draw(t, "most")
		return call{fmt.Sprintf("TrimAudit %v %d", before, most), func(tx store.Tx) string {
			n, err := tx.TrimAudit(before, at(9), most)
			return fmt.Sprint(n, " ", problem(tx, err))
		}}
	}
	a := store.Audit{Key: k, Time: at(rapid.IntRange(0, 3).Draw(t, "time")), Detail: detail}
	return writing("AppendAudit", a, func(tx store.Tx) error { return tx.AppendAudit(a) })
}
