package boltstore

import (
	"context"
	"errors"
	"fmt"

	"scim2slack/store"
)

// errPlain is returned by Rekey for a file that is not encrypted.
var errPlain = errors.New("the store is not encrypted yet: that begins at the next start, which writes the file anew")

// Rekey makes the first key the one that everything is written with from now on, and has it replace the others in the background. The
// keys are as for Options: those that the file still needs must be among them. On an error nothing changes. To be called by one goroutine at a time.
func (s *Store) Rekey(ctx context.Context, keys []Key) error {
	if len(*s.ring.Load()) == 0 {
		if len(keys) == 0 {
			return nil
		}
		return errPlain
	}
	s.stopRenewing()
	var next ring
	err := s.Update(ctx, func(stx store.Tx) error {
		t, ok := stx.(*tx)
		if !ok {
			return fmt.Errorf("a transaction of ours is a %T", stx)
		}
		sealed, err := readSealing(t.bolt)
		if err != nil {
			return err
		}
		if err := sealed.check(s.path, keys); err != nil {
			return err
		}
		sealed = sealed.replaced(keys[0])
		if next, err = sealed.ring(keys); err != nil {
			return err
		}
		t.writes++ // what the file says of its keys
		return sealed.write(t.bolt)
	})
	// Only now, with the file saying so, is anything written with the new key; and who begins to read from now on knows it.
	if err == nil {
		s.ring.Store(&next)
	}
	s.startRenewing()
	return err
}

// startRenewing has the current key replace the others in the background, if there are others.
func (s *Store) startRenewing() {
	s.renewal.Lock()
	defer s.renewal.Unlock()
	if len(*s.ring.Load()) < 2 || s.isClosing() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	s.endRenewal, s.renewed = cancel, ended
	go func() {
		defer close(ended)
		s.renewAll(ctx)
	}()
}

// stopRenewing waits for the transaction under way. How far it came is in the file.
func (s *Store) stopRenewing() {
	s.renewal.Lock()
	defer s.renewal.Unlock()
	if s.endRenewal != nil {
		s.endRenewal()
		<-s.renewed
		s.endRenewal = nil
	}
}
