package scimhandlers

import (
	"sync"
	"time"

	"scim2slack/store"
)

// bookmarks remember where pages of a list ended, so that a client that pages through 100,000 users does not make the gateway read
// the first 99,900 again for the last page. Such a client also misses nobody when somebody is deleted on the way.
type bookmarks struct {
	mu     sync.Mutex
	places map[bookmark]bookmarked
}

// bookmark names a page by its first position.
type bookmark struct {
	source string
	kind   store.Type
	start  int
}

type bookmarked struct {
	after string // the id of the resource before the page
	until time.Time
}

const (
	bookmarkLife = time.Minute
	maxBookmarks = 1000
)

func (b *bookmarks) find(place bookmark) (after string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.places[place]
	if !ok || time.Now().After(m.until) {
		return "", false
	}
	return m.after, true
}

// put remembers that a page begins after an id. A newer end of the same page replaces it.
func (b *bookmarks) put(place bookmark, after string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if len(b.places) >= maxBookmarks {
		for k, m := range b.places {
			if now.After(m.until) {
				delete(b.places, k)
			}
		}
		if len(b.places) >= maxBookmarks {
			clear(b.places)
		}
	}
	if b.places == nil {
		b.places = map[bookmark]bookmarked{}
	}
	b.places[place] = bookmarked{after: after, until: now.Add(bookmarkLife)}
}
