package reconcile

import (
	"context"
	"errors"

	"scim2slack/store"
)

// When Slack says something that nobody asked for, such as an account that is inactive after it was told to be active, it cannot be trusted
// with the next one either: in April 2024 it deactivated whoever was updated (failures, row 1). Then the whole outbound side stops, everything
// is kept, and a person must look and say that it may go on.

// reasonUnasked is why the resource is held whose answer raised the alarm.
const reasonUnasked = "unasked"

// alarmSetting keeps an alarm over a restart: whoever restarts has not thereby looked.
const alarmSetting = "outbound.alarm"

// raise stops the outbound side, and holds the resource.
func (r *Reconciler) raise(ctx context.Context, j *job, what string) outcome {
	alarm := what + ". Nothing is sent to Slack until somebody has looked and said: scim2slack resume"
	a := j.record("outbound.alarm", nil)
	a.Reason, a.Message = reasonUnasked, what
	err := r.commit(ctx, j, a, func(tx store.Tx) error { return tx.PutSetting(alarmSetting, []byte(alarm)) })
	if err != nil {
		return failed(err)
	}
	r.gate.raise(alarm)
	r.cfg.Log.Error("outbound side stopped by an alarm: see scim2slack status", "key", j.key.String()) // what it was may name people
	return held(reasonUnasked, what)
}

// restoreAlarm puts back the alarm that an earlier process raised.
func (r *Reconciler) restoreAlarm(tx store.Tx) error {
	alarm, err := tx.Setting(alarmSetting)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && len(alarm) > 0 {
		r.gate.raise(string(alarm))
	}
	return err
}

// Resume lets the outbound side go on after an alarm, and tries again what raised it. It reports whether there was an alarm.
func (r *Reconciler) Resume(ctx context.Context) (bool, error) {
	var again []store.Key
	raised := false
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) error {
		again, raised = nil, false
		alarm, err := tx.Setting(alarmSetting)
		if errors.Is(err, store.ErrNotFound) || err == nil && len(alarm) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		raised = true
		for st, err := range tx.Statuses() {
			if err != nil {
				return err
			}
			if st.Phase == store.Held && st.Reason == reasonUnasked {
				again = append(again, st.Key)
			}
		}
		for _, key := range again {
			if err := store.MarkPending(tx, key); err != nil {
				return err
			}
		}
		return tx.PutSetting(alarmSetting, nil)
	})
	if err != nil || !raised {
		return false, err
	}
	r.gate.lower()
	for _, key := range again {
		r.Enqueue(key)
	}
	return true, nil
}
