package admin

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// While a token is replaced 500 times, each time with an overlap, no request with a good one fails, and an old one opens nothing from the moment on
// in which it is taken out.
func TestTokenRotationUnderLoad(t *testing.T) {
	f := newFixture(t, "")
	name := func(i int) string { return fmt.Sprint("the-token-number-", i) }
	token := func(i int) Token { return NewToken("janet", Viewer, name(i)) }
	ask := func(f *fixture, i int) int {
		return f.ask(f.handler.TCP(), "GET", "/admin/v1/status", "Bearer "+name(i), nil)
	}
	f.handler.SetTokens([]Token{token(0)})
	var current, asked atomic.Int64
	var clients sync.WaitGroup
	end := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			own := &fixture{T: t, handler: f.handler}
			for {
				select {
				case <-end:
					return
				default:
				}
				i := int(current.Load())
				// A token that was the current one a moment ago may be gone by now; one that still is must be good.
				if got := ask(own, i); got != 200 && int(current.Load()) == i {
					t.Errorf("the current token, number %d: %d", i, got)
				}
				asked.Add(1)
			}
		})
	}
	for i := range 500 {
		f.handler.SetTokens([]Token{token(i), token(i + 1)})
		if got := ask(f, i); got != 200 {
			t.Errorf("token %d beside its successor: %d", i, got)
		}
		current.Store(int64(i + 1))
		f.handler.SetTokens([]Token{token(i + 1)})
		f.handler.guesses.mu.Lock() // guessing has its own test
		clear(f.handler.guesses.paid)
		f.handler.guesses.mu.Unlock()
		if got := ask(f, i); got != 401 {
			t.Fatalf("token %d after it was taken out: %d", i, got)
		}
	}
	close(end)
	clients.Wait()
	t.Logf("%d requests beside the rotations", asked.Load())
}
