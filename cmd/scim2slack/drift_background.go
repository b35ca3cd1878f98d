package main

import (
	"context"
	"errors"
	"scim2slack/reconcile"
	"time"

	"scim2slack/store"
)

// driftSetting keeps when Slack was compared last, so that a restart neither repeats nor forgets it.
const driftSetting = "drift.last"

// afterTrouble is when a comparison that failed is tried again.
const afterTrouble = time.Hour

// compareNowAndThen compares Slack with what it was told as often as the configuration wants, until ctx ends.
func (d *daemon) compareNowAndThen(ctx context.Context) error {
	every := d.cfg.Drift.Every
	if every == 0 {
		<-ctx.Done()
		return nil
	}
	wait := time.Until(d.lastCompared(ctx).Add(every))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(wait, time.Minute)):
		}
		found, err := d.reconciler.Drift(ctx, d.cfg.Drift.Mode == driftRepair, func(reconcile.Reading) {})
		if err == nil {
			d.log.Info("Slack was compared with what it was told", "accounts", found.Accounts, "groups", found.Groups, "differing", len(found.Differing),
				"orphans", found.OrphanCount, "duplicates", len(found.Duplicates), "repairing", found.Repairing)
			err = d.store.Update(ctx, func(tx store.Tx) error { return putCompared(tx, time.Now()) })
		}
		if wait = every; err != nil && ctx.Err() == nil {
			wait = min(every, afterTrouble)
			d.log.Warn("Slack could not be compared with what it was told; it is tried again", "in", wait, "error", err)
		}
	}
}

// lastCompared is when Slack was compared last. If it never was, that is now, so that a first push comes first.
func (d *daemon) lastCompared(ctx context.Context) time.Time {
	last := time.Now()
	err := d.store.Update(ctx, func(tx store.Tx) error {
		raw, err := tx.Setting(driftSetting)
		if errors.Is(err, store.ErrNotFound) {
			return putCompared(tx, last)
		}
		if err == nil {
			last, err = time.Parse(time.RFC3339, string(raw))
		}
		return err
	})
	if err != nil {
		d.log.Warn("it is not known when Slack was compared last; it counts as now", "error", err)
		return time.Now()
	}
	return last
}

func putCompared(tx store.Tx, at time.Time) error {
	return tx.PutSetting(driftSetting, []byte(at.UTC().Format(time.RFC3339)))
}
