package reconcile

import (
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"scim2slack/scim"
	"scim2slack/store"
	"scim2slack/store/boltstore"
	"scim2slack/translate"
)

var people = flag.Int("people", 5000, "how many people BenchmarkPlan compares")

// A plan over everybody, of whom each one's title changes and one in a hundred leaves. It tells how much memory it took beside the store's.
func BenchmarkPlan(b *testing.B) {
	st, err := boltstore.Open(filepath.Join(b.TempDir(), "plan.db"), boltstore.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	for from := 0; from < *people; from += 1000 {
		err := st.Update(b.Context(), func(tx store.Tx) error {
			for i := from; i < min(from+1000, *people); i++ {
				key := store.Key{Source: "s", Type: store.User, ID: fmt.Sprintf("0190b7a0-0000-7000-8000-%012d", i)}
				doc := user(fmt.Sprint("user", i))
				doc[scim.EnterpriseSchema] = scim.Object{"department": fmt.Sprint("D", i%100)}
				if err := tx.PutResource(store.Resource{Key: key, Document: doc, Generation: 1, Created: time.Now(), Modified: time.Now()}); err != nil {
					return err
				}
				if err := tx.PutStatus(store.Status{Key: key, Observed: 1, Phase: store.Synced}); err != nil {
					return err
				}
				want, err := translate.ToUser(doc, translate.Options{})
				if err != nil {
					return err
				}
				if err := tx.PutLink(store.Link{Key: key, SlackID: fmt.Sprint("U", i), Origin: store.Created, Active: true, Applied: want.Profile}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	rules, faults := translate.CompileRules(translate.RuleSet{User: []translate.Rule{{Attribute: scim.SlackTitle, Expression: `title + ", " + enterprise.department`}},
		Scope: translate.Rule{Expression: `enterprise.department != "D7"`}})
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	after := DefaultOptions()
	after.Rules = rules
	runtime.GC()
	var before, most runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		p, err := PlanChange(b.Context(), st, nil, map[string]Options{"s": after}, func(int, int) {
			var now runtime.MemStats
			if runtime.ReadMemStats(&now); now.HeapInuse > most.HeapInuse {
				most = now
			}
		})
		if err != nil || p.Counts[Leaves] != *people/100 || p.Counts[Changes] != *people-*people/100 {
			b.Fatalf("%+v %v", p.Counts, err)
		}
	}
	b.ReportMetric(float64(*people)*float64(b.N)/b.Elapsed().Seconds(), "people/s")
	b.ReportMetric(float64(int64(most.HeapInuse)-int64(before.HeapInuse))/(1<<20), "MiB")
}
