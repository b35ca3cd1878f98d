package storetest

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	"scim2slack/store"
)

var workTests = []test{
	{"StatusComesBackAsItWas", func(f *fixture) {
		equal(f, "none", statusOf(f, userKey(1)), store.Status{Key: userKey(1)})
		want := store.Status{
			Key: userKey(1), Observed: 7, Phase: store.Failed, Attempts: 3, NextAttempt: at(60), Reason: "invalid_email",
			Message: "Slack refuses the e-mail", Warnings: []string{"guest left out", "title cut"}, Updated: at(5), Woken: 2, Plan: "0a1b2c3d4e5f",
		}
		putStatus(f, want)
		equal(f, "status", statusOf(f, userKey(1)), want)
		got := statusOf(f, userKey(1))
		got.Warnings[0] = "changed after the read"
		equal(f, "again", statusOf(f, userKey(1)), want)
		putStatus(f, store.Status{Key: userKey(1), Phase: store.Synced})
		equal(f, "written again", statusOf(f, userKey(1)), store.Status{Key: userKey(1), Phase: store.Synced})
		equal(f, "zero time", statusOf(f, userKey(1)).NextAttempt.IsZero(), true)
	}},
	{"Statuses", func(f *fixture) {
		f.put(user(1, "anna")) // has no status
		putStatus(f, store.Status{Key: userKey(2), Phase: store.Synced})
		putStatus(f, store.Status{Key: groupKey(3), Phase: store.Pending})
		var keys []store.Key
		for _, s := range list(f, func(tx store.Tx) iter.Seq2[store.Status, error] { return tx.Statuses() }) {
			keys = append(keys, s.Key)
		}
		equal(f, "keys", sorted(keys), []store.Key{userKey(2), groupKey(3)})
	}},
	{"PendingInEveryTransition", pendingTransitions},
	{"PendingWithItsStatus", func(f *fixture) {
		f.put(user(1, "anna"), user(2, "ben"))
		want := store.Status{Key: userKey(2), Observed: 1, Phase: store.Pending, NextAttempt: at(60), Attempts: 2}
		putStatus(f, want)
		got := list(f, func(tx store.Tx) iter.Seq2[store.Status, error] { return tx.PendingKeys() })
		slices.SortFunc(got, func(a, b store.Status) int { return cmp.Compare(a.Key.ID, b.Key.ID) })
		equal(f, "pending", got, []store.Status{{Key: userKey(1)}, want})
	}},
	{"Intents", func(f *fixture) {
		absent(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(userKey(1)) })
		want := store.Intent{
			Key: userKey(1), Op: "createUser", Generation: 4, SlackID: "W1", UserName: "anna", Email: "anna@example.com", Name: "crew",
			Sent: at(1), GivenUp: at(31),
		}
		for _, i := range []store.Intent{want, {Key: userKey(1), Op: "updateUser", Sent: at(2)}} { // the second replaces the first
			f.update(func(tx store.Tx) error { return tx.PutIntent(i) })
			equal(f, "intent", read(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(userKey(1)) }), i)
		}
		absent(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(groupKey(1)) })
		for range 2 {
			f.update(func(tx store.Tx) error { return tx.DeleteIntent(userKey(1)) })
			absent(f, func(tx store.Tx) (store.Intent, error) { return tx.Intent(userKey(1)) })
		}
	}},
}

func statusOf(f *fixture, k store.Key) store.Status {
	f.Helper()
	return read(f, func(tx store.Tx) (store.Status, error) { return tx.Status(k) })
}

func putStatus(f *fixture, s store.Status) {
	f.Helper()
	f.update(func(tx store.Tx) error { return tx.PutStatus(s) })
}

// pendingKeys returns the pending keys in the order of their ids.
func pendingKeys(f *fixture) (keys []store.Key) {
	f.Helper()
	for _, s := range list(f, func(tx store.Tx) iter.Seq2[store.Status, error] { return tx.PendingKeys() }) {
		keys = append(keys, s.Key)
	}
	return sorted(keys)
}

func sorted(keys []store.Key) []store.Key {
	slices.SortFunc(keys, func(a, b store.Key) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Type, b.Type))
	})
	return keys
}

func pendingTransitions(f *fixture) {
	k := userKey(1)
	put := func(generation uint64, deleted bool) func(store.Tx) error {
		r := user(1, "anna")
		r.Generation, r.Deleted = generation, deleted
		return func(tx store.Tx) error { return tx.PutResource(r) }
	}
	status := func(observed uint64, phase store.Phase) func(store.Tx) error {
		return func(tx store.Tx) error { return tx.PutStatus(store.Status{Key: k, Observed: observed, Phase: phase}) }
	}
	forget := func(tx store.Tx) error { return tx.ForgetResource(k) }
	for i, step := range []struct {
		do   func(store.Tx) error
		want bool
	}{
		{put(1, false), true},
		{status(1, store.Pending), true}, // work is left
		{status(1, store.Synced), false},
		{status(1, store.Synced), false},
		{put(1, false), false}, // written, but nothing that is observed already
		{put(2, false), true},
		{status(1, store.Synced), true}, // of the older generation: a change came in meanwhile
		{status(1, store.Failed), true},
		{status(2, store.Failed), false},
		{status(2, store.Pending), true}, // tried again
		{status(2, store.Held), false},
		{put(3, true), true}, // a leaver
		{status(3, store.Skipped), false},
		{put(4, false), true}, // who returns
		{status(5, store.Synced), false},
		{put(5, false), false},
		{put(6, false), true},
		{forget, false},
		{status(0, store.Synced), false}, // a status without a resource
		{status(0, store.Pending), true},
		{status(0, store.Synced), false},
		{put(1, false), true},
		{forget, false},
		{forget, false},
	} {
		f.update(step.do)
		if got := pendingKeys(f); slices.Contains(got, k) != step.want || len(got) > 1 {
			f.Fatalf("step %d: pending are %v, want %t", i, got, step.want)
		}
	}
}

var journalTests = []test{
	{"AuditComesBackAsItWas", func(f *fixture) {
		want := store.Audit{
			Seq: 99, Time: at(1), Actor: "source:okta", Key: userKey(1), Event: "resource.created", RequestID: "r-1", Generation: 3,
			SlackID: "W1", Changes: []store.Change{{Attribute: "userName", Before: "ann", After: "anna", Rule: "rules.yaml:3:5"}, {Attribute: "active", After: true}},
			Reason: "email_taken", Rule: "rules.yaml:9:1", Plan: "p1", Detail: "created", Message: "anna was created",
			Calls: []store.SlackCall{{Method: "GET", Path: "/Users", Status: 200}, {Method: "POST", Path: "/Users", Error: "unknown"}},
		}
		appendAudit(f, want)
		appendAudit(f, store.Audit{Event: "gateway.started"}) // about no resource
		all := auditAfter(f, 0)
		want.Seq = all[0].Seq
		equal(f, "records", all, []store.Audit{want, {Seq: want.Seq + 1, Event: "gateway.started"}})
		equal(f, "of the user", auditOf(f, userKey(1)), all[:1])
		equal(f, "of none", auditOf(f, store.Key{}), all[1:])
	}},
	{"SeqRisesByOne", func(f *fixture) {
		f.update(func(tx store.Tx) error {
			for n := range 300 {
				if err := tx.AppendAudit(store.Audit{Key: userKey(n % 2), Generation: uint64(n)}); err != nil {
					return err
				}
			}
			return nil
		})
		f.refused(func(tx store.Tx) error { // leaves no gap
			return errors.Join(tx.AppendAudit(store.Audit{Key: userKey(0)}), errors.New("no"))
		})
		appendAudit(f, store.Audit{Key: userKey(0), Generation: 300})
		all := auditAfter(f, 0)
		equal(f, "records", len(all), 301)
		for n, a := range all {
			if a.Seq != all[0].Seq+uint64(n) || a.Generation != uint64(n) {
				f.Fatalf("record %d has seq %d and is the %d. that was written", n, a.Seq, a.Generation)
			}
		}
		equal(f, "after one", auditAfter(f, all[99].Seq), all[100:])
		equal(f, "after the last", auditAfter(f, all[300].Seq), nil)
		equal(f, "after the highest", auditAfter(f, math.MaxInt64), nil)
		of := auditOf(f, userKey(0))
		equal(f, "of one key", len(of), 151)
		equal(f, "oldest first", slices.IsSortedFunc(of, func(a, b store.Audit) int { return cmp.Compare(a.Seq, b.Seq) }), true)
		equal(f, "of another", auditOf(f, groupKey(0)), nil)
	}},
	{"Settings", func(f *fixture) {
		setting := func(tx store.Tx) ([]byte, error) { return tx.Setting("brake") }
		absent(f, setting)
		for _, value := range [][]byte{[]byte("on"), {}, {0, 255, 0}, nil, []byte("off")} {
			f.update(func(tx store.Tx) error { return tx.PutSetting("brake", value) })
			equal(f, "setting", read(f, setting), value)
		}
		value := []byte("mine")
		f.update(func(tx store.Tx) error {
			err := tx.PutSetting("brake", value)
			value[0] = 'M' // no concern of the store
			return err
		})
		read(f, setting)[1] = 'X'
		equal(f, "setting", string(read(f, setting)), "mine")
		absent(f, func(tx store.Tx) ([]byte, error) { return tx.Setting("Brake") })
	}},
	{"TimesAreInstants", func(f *fixture) {
		zone := time.FixedZone("east", 2*60*60)
		r := user(1, "anna")
		r.Created, r.Modified = r.Created.In(zone), time.Time{}
		f.put(r)
		got := resource(f, r.Key)
		if !got.Created.Equal(r.Created) || !got.Modified.IsZero() {
			f.Fatalf("got times %v and %v, want %v and the zero time", got.Created, got.Modified, r.Created)
		}
		appendAudit(f, store.Audit{Time: at(1).In(zone)})
		if got := auditAfter(f, 0)[0].Time; !got.Equal(at(1)) {
			f.Fatalf("got time %v, want %v", got, at(1))
		}
	}},
}

func appendAudit(f *fixture, a store.Audit) {
	f.Helper()
	f.update(func(tx store.Tx) error { return tx.AppendAudit(a) })
}

func auditOf(f *fixture, k store.Key) []store.Audit {
	f.Helper()
	return list(f, func(tx store.Tx) iter.Seq2[store.Audit, error] { return tx.AuditOf(k) })
}

func auditAfter(f *fixture, seq uint64) []store.Audit {
	f.Helper()
	return list(f, func(tx store.Tx) iter.Seq2[store.Audit, error] { return tx.AuditAfter(seq) })
}
