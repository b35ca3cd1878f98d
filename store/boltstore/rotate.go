package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"scim2slack/store"
)

// While a new key replaces others, every value is read with whatever key it names and all writing is done with the new one. In the
// background each record that an older key encrypted is written anew, and with it the entries of the blind indexes that find it. How
// far this has come is kept with what was done, in one transaction, so a killed process goes on where it was.

const (
	// renewRecords and renewBytes bound a transaction of the background, and so how long others wait for it.
	renewRecords = 256
	renewBytes   = 1 << 20

	// renewReport is how often the log says how far it is.
	renewReport = 10 * time.Second
)

// renewAll replaces all keys but the current one. It rests as long as it works, so that half of the time is for others.
func (s *Store) renewAll(ctx context.Context) {
	log := s.log.With("key", s.ring.Load().current().id.String())
	log.Info("the store is encrypted anew with the current key, in the background; keep the earlier keys in the configuration until it is done")
	said := time.Now()
	for {
		began := time.Now()
		state, err := s.renewSome(ctx, renewRecords)
		switch {
		case ctx.Err() != nil || errors.Is(err, store.ErrClosed):
			return
		case err != nil:
			log.Error("the store cannot be encrypted anew, so the earlier keys stay needed; it is tried again at the next start", "error", err)
			return
		case len(state.Keys) == 1:
			log.Info("the store is encrypted with the current key alone; the earlier ones can be removed from the configuration. The next start "+
				"rids the file of what they encrypted", "values", state.Renewed)
			return
		}
		if time.Since(said) >= renewReport {
			said = time.Now()
			log.Info("the store is being encrypted anew", "bucket", bucketNames[state.Bucket], "values", state.Renewed)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Since(began)):
		}
	}
}

// renewSome looks after so many records at most, in one transaction, and returns how far it is.
func (s *Store) renewSome(ctx context.Context, records int) (state *sealing, err error) {
	err = s.Update(ctx, func(stx store.Tx) error {
		t, ok := stx.(*tx)
		if !ok {
			return fmt.Errorf("a transaction of ours is a %T", stx)
		}
		if state, err = readSealing(t.bolt); err != nil {
			return err
		}
		if err := t.renew(state, records); err != nil {
			return err
		}
		t.writes++ // the state
		return state.write(t.bolt)
	})
	if err == nil && len(state.Keys) == 1 {
		s.ring.Store(&ring{s.ring.Load().current()})
	}
	return state, err
}

// renew goes on behind the place where the state is, and moves it on.
func (t *tx) renew(state *sealing, records int) error {
	size := 0
	for state.Bucket = max(state.Bucket, metaBucket+1); state.Bucket < bucketCount; state.Bucket++ {
		from := state.After
		for k, v := range t.raw(state.Bucket, nil, from) {
			if bytes.Equal(k, from) {
				continue
			}
			if records == 0 || size > renewBytes {
				return nil
			}
			records--
			size += len(v)
			renewed, err := t.renewRecord(state.Bucket, k, v)
			if err != nil {
				return err
			}
			if renewed {
				state.Renewed++
			}
			state.After = bytes.Clone(k)
		}
		state.After = nil
	}
	*state = sealing{Salt: state.Salt, Keys: state.Keys[:1], Renewed: state.Renewed, Stale: true}
	return nil
}

// renewRecord encrypts a record with the current key, if it is not yet. Of a resource that was written since, entries that did not
// change are where they were, so each is looked after.
func (t *tx) renewRecord(bucket int, key, value []byte) (renewed bool, err error) {
	current := t.ring.current()
	switch {
	case bucket == index || bucket == formerOf:
		if bytes.HasPrefix(key, current.id[:]) {
			return false, nil
		}
		return true, t.delete(bucket, key) // what it finds has an entry with the current key by now, or is not there
	case bucket != resources && current.sealed(value):
		return false, nil
	}
	plain, err := t.open(bucket, key, value)
	if err != nil {
		return false, err
	}
	return true, t.keep(bucket, key, plain)
}
