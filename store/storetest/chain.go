package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"scim2slack/store"
)

var chainTests = []test{
	{"VerifiesFromEveryHead", func(f *fixture) {
		absent(f, func(tx store.Tx) (store.Head, error) { return tx.AuditHead() })
		var heads []store.Head
		for n := range 30 {
			appendAudit(f, store.Audit{Key: userKey(n % 3), Time: at(n), Event: "resource.patched"})
			heads = append(heads, auditHead(f))
		}
		for n, h := range heads {
			equal(f, "time of the head", h.Time, at(n))
			v := verify(f, h)
			equal(f, fmt.Sprint("verdict from the head ", n), v.Broken, false)
			equal(f, "records", v.Verified, uint64(30))
			equal(f, "end", v.Last.MAC, heads[29].MAC)
		}
	}},
	{"AnotherKeyVerifiesNothing", func(f *fixture) {
		appendAudit(f, store.Audit{Event: "resource.patched"})
		v, err := store.VerifyAudit(context.Background(), f.store, store.NewSealer(false, "another key"), store.Head{})
		if err != nil || !v.Broken || v.BrokenAt != 1 || !strings.Contains(v.BrokenBy, Sealer.KeyID().String()) {
			f.Fatalf("%+v, %v", v, err)
		}
	}},
	{"MoreThanOneChunk", func(f *fixture) {
		const most = 45_000
		for first := 0; first < most; first += 5000 {
			f.update(func(tx store.Tx) error {
				for n := range 5000 {
					if err := tx.AppendAudit(store.Audit{Key: userKey(n % 7), Time: at(0)}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		equal(f, "verified", verify(f, auditHead(f)), store.Verdict{Verified: most, Last: store.Head{Seq: most, MAC: auditHead(f).MAC}, Head: ptr(auditHead(f))})
	}},
	{"RetentionKeepsTheChain", func(f *fixture) {
		var heads []store.Head
		for n := range 10 {
			appendAudit(f, store.Audit{Key: userKey(n % 2), Time: at(n), Generation: uint64(n)})
			heads = append(heads, auditHead(f))
		}
		absent(f, func(tx store.Tx) (store.Checkpoint, error) { return tx.Checkpoint() })
		for _, step := range []struct{ before, most, want, left int }{{0, 9, 0, 10}, {4, 3, 3, 7}, {4, 3, 1, 6}, {4, 3, 0, 6}, {99, 99, 5, 1}} {
			var removed int
			f.update(func(tx store.Tx) (err error) {
				removed, err = tx.TrimAudit(at(step.before), at(60), step.most)
				return err
			})
			equal(f, "removed", removed, step.want)
			all := auditAfter(f, 0)
			equal(f, "left", len(all), step.left)
			equal(f, "oldest", all[0].Generation, uint64(10-step.left))
			equal(f, "of the keys", len(auditOf(f, userKey(0)))+len(auditOf(f, userKey(1))), step.left)
			for n, h := range heads {
				v := verify(f, h)
				if v.Broken || v.Removed != uint64(10-step.left) || v.Verified != uint64(step.left) || v.HeadBehind != (n+1 < 10-step.left) {
					f.Fatalf("%+v from head %d: %+v", step, n, v)
				}
			}
		}
		appendAudit(f, store.Audit{Time: at(99)})
		equal(f, "seq goes on", auditHead(f).Seq, uint64(11))
		equal(f, "chain goes on", verify(f, heads[9]).Broken, false)
		c := read(f, func(tx store.Tx) (store.Checkpoint, error) { return tx.Checkpoint() })
		equal(f, "checkpoint", c, Sealer.SealCheckpoint(store.Checkpoint{Seq: 9, MAC: heads[8].MAC, Removed: 9, Time: at(60)}))
	}},
}

func auditHead(f *fixture) store.Head {
	f.Helper()
	return read(f, func(tx store.Tx) (store.Head, error) { return tx.AuditHead() })
}

func verify(f *fixture, head store.Head) store.Verdict {
	f.Helper()
	v, err := store.VerifyAudit(context.Background(), f.store, Sealer, head)
	if err != nil {
		f.Fatal(err)
	}
	return v
}

func ptr[T any](v T) *T { return &v }

// BenchmarkVerify verifies a chain of a million records. open returns an empty store with Sealer.
func BenchmarkVerify(b *testing.B, open func(b *testing.B) store.Store) {
	const records, each = 1_000_000, 20_000
	s := opened(b, open)
	var head store.Head
	for first := 0; first < records; first += each {
		must(b, s.Update(context.Background(), func(tx store.Tx) (err error) {
			for n := first; n < first+each; n++ {
				err := tx.AppendAudit(store.Audit{Time: at(n), Actor: "source:okta", Key: userKey(n), Event: "resource.patched", RequestID: id(n), Generation: 3,
					Changes: []store.Change{{Attribute: "title", Before: "Engineer", After: "Senior Engineer"}, {Attribute: "active", Before: true, After: false}}})
				if err != nil {
					return err
				}
			}
			head, err = tx.AuditHead()
			return err
		}))
	}
	b.ReportAllocs()
	for b.Loop() {
		v, err := store.VerifyAudit(context.Background(), s, Sealer, head)
		if must(b, err); v.Broken || v.Verified != records {
			b.Fatalf("%+v", v)
		}
	}
	b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
