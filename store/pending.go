package store

import "time"

// MarkPending makes a key pending at once, for a reason other than a change of its resource. A round that is under way saw the world before, so its
// outcome does not take that back. Errors are those of the transaction.
func MarkPending(tx Tx, key Key) error {
	st, err := tx.Status(key)
	if err != nil {
		return err
	}
	st.Phase, st.Attempts, st.NextAttempt, st.Updated = Pending, 0, time.Time{}, time.Now()
	st.Woken++
	return tx.PutStatus(st)
}
