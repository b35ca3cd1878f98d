package reconcile

import (
	"sync"

	"scim2slack/store"
)

// waiters are the requests that wait for a decision on a key at a generation or a later one.
type waiters struct {
	mu    sync.Mutex
	byKey map[store.Key][]*waiter
}

type waiter struct {
	generation uint64
	done       chan store.Status // one place: the answer never blocks the worker
}

// register announces a wait. It must come before the key is queued, so that no decision is missed. leave ends it.
func (w *waiters) register(key store.Key, generation uint64) (done <-chan store.Status, leave func()) {
	one := &waiter{generation: generation, done: make(chan store.Status, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byKey == nil {
		w.byKey = map[store.Key][]*waiter{}
	}
	w.byKey[key] = append(w.byKey[key], one)
	return one.done, func() { w.remove(key, func(o *waiter) bool { return o == one }) }
}

// answer tells those who wait for the generation of the status or an earlier one. Edits that were merged share one outcome.
func (w *waiters) answer(st store.Status) {
	w.remove(st.Key, func(o *waiter) bool {
		if o.generation > st.Observed {
			return false
		}
		o.done <- st
		return true
	})
}

func (w *waiters) remove(key store.Key, which func(*waiter) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.byKey[key][:0]
	for _, o := range w.byKey[key] {
		if !which(o) {
			kept = append(kept, o)
		}
	}
	if len(kept) == 0 {
		delete(w.byKey, key)
		return
	}
	w.byKey[key] = kept
}
