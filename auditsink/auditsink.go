// Package auditsink copies audit records out of the store, as lines of an exported audit (store.AppendLine): to a file, or to a syslog receiver.
//
// A sink reads behind the commits and never holds one up. It remembers in the store how far it is, and goes on from there: each record is delivered at
// least once, in order. While the place where they go cannot be reached it falls behind, and it catches up later.
package auditsink

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"scim2slack/store"
)

const (
	batchSize  = 500
	lookEvery  = time.Second
	longestGap = time.Minute // between attempts, while the target cannot be reached
	lastWords  = 2 * time.Second
)

// target is where records go.
type target interface {
	// deliver hands the records over. begin is the line that says after which record they go on; empty: after none. After an error it is
	// not known how many arrived, and all are delivered again.
	deliver(begin []byte, records []store.Sealed) error
	close() error
}

// Sink copies to one target. Make it with File or Syslog.
type Sink struct {
	name   string
	store  store.Store
	log    *slog.Logger
	target target
	lag    atomic.Uint64
}

// Name tells sinks apart in metrics.
func (s *Sink) Name() string { return s.name }

// Lag is how many records the target did not have at the last look.
func (s *Sink) Lag() uint64 { return s.lag.Load() }

// Run copies until ctx ends, and then, for two seconds at the most, what is left. A target that cannot be reached is no error of Run.
func (s *Sink) Run(ctx context.Context) error {
	pause := lookEvery
	for {
		more, err := s.step(ctx)
		switch {
		case ctx.Err() != nil:
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			for more := err == nil || errors.Is(err, context.Canceled); more; {
				more, err = s.step(last)
				more = more && err == nil
			}
			return s.target.close()
		case err == nil && pause > lookEvery:
			s.log.Info("audit records are copied again", "sink", s.name, "behind", s.Lag())
			pause = lookEvery
		case err != nil:
			if pause == lookEvery {
				s.log.Error("audit records cannot be copied; they stay in the store and follow", "sink", s.name, "error", err, "behind", s.Lag())
			}
			pause = min(2*pause, longestGap)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// step copies one batch and remembers it. more: there is another one.
func (s *Sink) step(ctx context.Context) (more bool, err error) {
	var begin []byte
	var records []store.Sealed
	var position, end uint64
	err = s.store.View(ctx, func(tx store.Tx) error {
		if position, err = s.position(tx); err != nil {
			return err
		}
		line, some, err := store.ExportBegin(tx, position)
		if err == nil && some {
			begin, err = line.Append(nil)
		}
		if err != nil {
			return err
		}
		for r, err := range tx.SealedAfter(position) {
			if err != nil {
				return err
			}
			if end = r.Seq; len(records) == batchSize {
				break
			}
			r.Record = bytes.Clone(r.Record)
			records = append(records, r)
		}
		if head, err := tx.AuditHead(); err == nil {
			end = head.Seq
		}
		return nil
	})
	if err != nil || len(records) == 0 {
		s.lag.Store(0)
		return false, err
	}
	s.lag.Store(end - position)
	if err := s.target.deliver(begin, records); err != nil {
		return false, err
	}
	last := records[len(records)-1].Seq
	err = s.store.Update(ctx, func(tx store.Tx) error {
		return tx.PutSetting(s.setting(), binary.BigEndian.AppendUint64(nil, last))
	})
	if err == nil {
		s.lag.Store(end - last)
	}
	return last < end, err
}

func (s *Sink) setting() string { return "audit.sink." + s.name }

func (s *Sink) position(tx store.Tx) (uint64, error) {
	raw, err := tx.Setting(s.setting())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	case len(raw) != 8:
		return 0, fmt.Errorf("the setting %s is damaged", s.setting())
	}
	return binary.BigEndian.Uint64(raw), nil
}
