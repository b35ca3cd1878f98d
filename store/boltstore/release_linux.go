package boltstore

import (
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// release takes the pages of the file out of the process's memory; they come back when they are read. bbolt finds its free pages
// by reading the whole file as it opens, after which all of it would count as memory of the process. The mapping is
// shared and never written through, so nothing is lost, and a failure does no harm.
func release(db *bolt.DB, size int64) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, db.Info().Data, uintptr(size), syscall.MADV_DONTNEED)
}
