package auditsink

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"scim2slack/store"
)

// File makes a sink that appends to a file, which it makes with mode 0600. Whoever rotates it renames it: the sink then makes a new one. Every
// time it opens a file it writes after which record it goes on, so that each file can be verified by itself.
func File(st store.Store, path string, log *slog.Logger) *Sink {
	return &Sink{name: "file", store: st, log: log, target: &file{path: path}}
}

type file struct {
	path string
	open *os.File // nil: none is
}

func (f *file) deliver(begin []byte, records []store.Sealed) error {
	fresh, err := f.reopen()
	if err != nil {
		return err
	}
	var lines []byte
	if fresh {
		lines = append(lines, begin...)
	}
	for _, r := range records {
		lines = store.AppendLine(lines, r)
	}
	if _, err = f.open.Write(lines); err == nil {
		err = f.open.Sync()
	}
	if err != nil { // what is half written is cut off when the file is opened again
		return errors.Join(err, f.close())
	}
	return nil
}

// reopen opens the file unless the one that is open still has its name.
func (f *file) reopen() (fresh bool, err error) {
	if f.open != nil {
		named, err := os.Stat(f.path)
		if err == nil {
			var ours fs.FileInfo
			if ours, err = f.open.Stat(); err == nil && os.SameFile(named, ours) {
				return false, nil
			}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err := f.close(); err != nil {
			return false, err
		}
	}
	if f.open, err = os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		f.open = nil
		return false, err
	}
	if err := cutHalfLine(f.open); err != nil {
		return false, errors.Join(err, f.close())
	}
	return true, nil
}

// cutHalfLine cuts off a last line that a full disk or a power cut left without its end. Its record was not remembered as delivered, and follows.
func cutHalfLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	end := info.Size()
	for chunk := make([]byte, 64<<10); end > 0; {
		n := min(end, int64(len(chunk)))
		if _, err := f.ReadAt(chunk[:n], end-n); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if i := bytes.LastIndexByte(chunk[:n], '\n'); i >= 0 {
			end = end - n + int64(i) + 1
			break
		}
		end -= n
	}
	if end == info.Size() {
		return nil
	}
	return f.Truncate(end)
}

func (f *file) close() error {
	if f.open == nil {
		return nil
	}
	err := f.open.Close()
	f.open = nil
	return err
}
