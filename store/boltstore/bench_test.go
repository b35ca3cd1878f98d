package boltstore

import (
	"testing"

	"scim2slack/store"
	"scim2slack/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) store.Store { return openTest(b, testPath(b), Options{}) })
}

func BenchmarkVerifyAudit(b *testing.B) {
	storetest.BenchmarkVerify(b, func(b *testing.B) store.Store {
		return openTest(b, testPath(b), Options{NoSync: true, Sealer: storetest.Sealer})
	})
}
