package store

import "time"

// MarkPending makes a key pending at once, for a reason other than a change of its resource. A round that is under way saw the world before, so its
// outcome does not take that back. Errors are those of the transaction.
func MarkPending(tx Tx, key Key) error { return MarkPendingBy(tx, key, "") }

// MarkPendingBy is MarkPending for a key that the plan of a changed configuration concerns, so that the records of what is done tell it.
func MarkPendingBy(tx Tx, key Key, plan string) error {
	st, err := tx.Status(key)
	if err != nil {
		return err
	}
	if plan != "" {
		st.Plan = plan
	}
	st.Phase, st.Attempts, st.NextAttempt, st.Updated = Pending, 0, time.Time{}, time.Now()
	st.Woken++
	return tx.PutStatus(st)
}
