package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"scim2slack/auditsink"
	"scim2slack/store"
)

const (
	trimEvery = time.Hour
	trimBatch = 1000 // records in one transaction
)

// sinks are the places that audit records are copied to.
func (c *config) sinks(d *daemon) (sinks []*auditsink.Sink, err error) {
	if c.Audit.File != "" {
		sinks = append(sinks, auditsink.File(d.store, c.Audit.File, d.log))
	}
	if c.Audit.Syslog != "" {
		s, err := auditsink.Syslog(d.store, c.Audit.Syslog, d.log)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, s)
	}
	return sinks, nil
}

// auditLag tells how far the copies are behind.
func (d *daemon) auditLag() map[string]uint64 {
	lag := map[string]uint64{}
	for _, s := range d.sinks {
		lag[s.Name()] = s.Lag()
	}
	return lag
}

// keepAudit removes records that are older than they are to be kept, and logs the head of the chain, at the start, now and then, and at the end: a
// head in a log that is kept elsewhere proves what was there.
func (d *daemon) keepAudit(ctx context.Context) error {
	defer d.logHead()
	for {
		d.logHead()
		if err := d.trimAudit(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("old audit records could not be removed; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(trimEvery):
		}
	}
}

// trimAudit removes what is too old, a bounded number in each transaction, so that others come in between. What it removed is a record of its own.
func (d *daemon) trimAudit(ctx context.Context) error {
	if d.cfg.Audit.Keep == 0 {
		return nil
	}
	before, all := time.Now().Add(-d.cfg.Audit.Keep), 0
	for removed := trimBatch; removed == trimBatch && ctx.Err() == nil; all += removed {
		err := d.store.Update(ctx, func(tx store.Tx) (err error) {
			removed, err = tx.TrimAudit(before, time.Now(), trimBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	if all == 0 {
		return nil
	}
	d.log.Info("old audit records were removed", "records", all, "before", before)
	return d.store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return tx.AppendAudit(store.Audit{Time: time.Now(), Actor: "gateway", Event: "audit.trimmed",
			Detail: fmt.Sprintf("%d records from before %s", all, before.UTC().Format(time.RFC3339))})
	})
}

func (d *daemon) logHead() {
	err := d.store.View(context.Background(), func(tx store.Tx) error {
		head, err := tx.AuditHead()
		if err == nil {
			d.log.Info("audit", "head", head.String(), "of", head.Time, "key", head.KeyID.String())
		}
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		d.log.Error("the head of the audit cannot be read", "error", err)
	}
}
