package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"scim2slack/server"
	"scim2slack/store"
)

// sourceTokens has the tokens of the store count at the door, for the sources that are configured, and keeps when each was used last.
type sourceTokens struct {
	store store.Store
	edge  *server.Server
	log   *slog.Logger

	mu      sync.Mutex // one Refresh at a time: the last one has read the newest
	sources map[string]*sourceConfig
	uses    atomic.Pointer[map[string]*atomic.Int64] // by the id of a token: server.Credential.LastUse
}

func newSourceTokens(st store.Store, edge *server.Server, log *slog.Logger) *sourceTokens {
	t := &sourceTokens{store: st, edge: edge, log: log}
	t.uses.Store(&map[string]*atomic.Int64{})
	return t
}

// saveUses is how often what is known of uses is written, if there is something new: once for each hour in which tokens are used.
const saveUses = time.Hour

// configure takes the sources of a configuration: the tokens of others open nothing.
func (t *sourceTokens) configure(ctx context.Context, c *config) error {
	t.mu.Lock()
	t.sources = map[string]*sourceConfig{}
	for _, s := range c.Sources {
		t.sources[s.Name] = s
	}
	t.mu.Unlock()
	return t.Refresh(ctx)
}

// Refresh makes the tokens of the store, and no others, those that count.
func (t *sourceTokens) Refresh(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	list, err := t.read(ctx)
	if err != nil {
		return err
	}
	var credentials []server.Credential
	before, uses := *t.uses.Load(), map[string]*atomic.Int64{}
	for _, token := range list {
		s, configured := t.sources[token.Source]
		if !configured || len(token.Hash) != sha256.Size {
			continue
		}
		if uses[token.ID] = before[token.ID]; uses[token.ID] == nil {
			uses[token.ID] = new(atomic.Int64)
		}
		credentials = append(credentials, server.Credential{Source: s.Name, Name: token.Name, ReadOnly: s.ReadOnly || token.ReadOnly,
			TokenHash: [sha256.Size]byte(token.Hash), Form: s.Header.form(), Expires: token.Expires, LastUse: uses[token.ID]})
	}
	if err := t.edge.SetTokens(credentials); err != nil {
		return fmt.Errorf("the tokens of the store: %w", err)
	}
	t.uses.Store(&uses)
	return nil
}

func (t *sourceTokens) read(ctx context.Context) (list []store.Token, err error) {
	err = t.store.View(ctx, func(tx store.Tx) (err error) {
		list, err = store.Tokens(tx)
		return err
	})
	return list, err
}

// LastUse returns when the token was presented last since the start, to the hour; the zero time if it was not.
func (t *sourceTokens) LastUse(id string) time.Time {
	if use := (*t.uses.Load())[id]; use != nil && use.Load() > 0 {
		return time.Unix(use.Load(), 0).UTC()
	}
	return time.Time{}
}

// run writes when tokens were used last, now and then and at the end, until ctx ends. A request never waits for it.
func (t *sourceTokens) run(ctx context.Context) error {
	ticker := time.NewTicker(saveUses)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
		if err := t.save(context.WithoutCancel(ctx)); err != nil {
			t.log.Error("when tokens were used last could not be written", "error", err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// save writes nothing if nothing is new.
func (t *sourceTokens) save(ctx context.Context) error {
	list, err := t.read(ctx)
	if err != nil || !t.update(list) {
		return err
	}
	return t.store.Update(ctx, func(tx store.Tx) error {
		list, err := store.Tokens(tx)
		if err == nil && t.update(list) {
			err = store.PutTokens(tx, list)
		}
		return err
	})
}

// update puts the uses into the list, and reports whether one is new.
func (t *sourceTokens) update(list []store.Token) (changed bool) {
	for i := range list {
		if used := t.LastUse(list[i].ID); used.After(list[i].LastUse) {
			list[i].LastUse, changed = used, true
		}
	}
	return changed
}

// nobodyFor returns the sources that nobody can push as: neither the configuration nor the store has a credential of theirs.
func (t *sourceTokens) nobodyFor(c *config) (names []string) {
	with := c.sourcesWithCredential()
	list, err := t.read(context.Background())
	if err != nil {
		return nil
	}
	for _, token := range list {
		with[token.Source] = true
	}
	for _, name := range c.sourceNames() {
		if !with[name] {
			names = append(names, name)
		}
	}
	return names
}
