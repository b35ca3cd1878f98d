package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// snapshot is a store's file of the tests.
type snapshot struct{ write func(w io.Writer) error }

func (s snapshot) WriteTo(w io.Writer) (int64, error) { return 0, s.write(w) }

func TestBackup(t *testing.T) {
	f := newFixture(t, adminToken)
	backup := func(s snapshot, err error) func(context.Context, func(int64, io.WriterTo) error) error {
		return func(_ context.Context, fn func(int64, io.WriterTo) error) error {
			if err != nil {
				return err
			}
			return fn(5, s)
		}
	}
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		f.handler.Socket().ServeHTTP(w, f.request("GET", "/admin/v1/backup"))
		return w
	}

	// While one is taken, a second is refused. The record is there before the snapshot.
	f.handler.cfg.Backup = backup(snapshot{func(w io.Writer) error {
		if all := f.records(); len(all) != 1 || !strings.Contains(all[0], "admin.backup") {
			t.Errorf("the records are %q when the snapshot is taken", all)
		}
		if second := ask(); second.Code != http.StatusConflict {
			t.Errorf("a second backup is answered %d", second.Code)
		}
		_, err := io.WriteString(w, "whole")
		return err
	}}, nil)
	if w := ask(); w.Code != 200 || w.Body.String() != "whole" || w.Header().Get("Content-Length") != "5" || w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("got %d %q with %v", w.Code, w.Body, w.Header())
	}

	f.handler.cfg.Backup = backup(snapshot{}, errors.New("no"))
	if w := ask(); w.Code != http.StatusInternalServerError {
		t.Errorf("a store that fails is answered %d", w.Code)
	}
}

// Who takes a backup that breaks off learns it from the length.
func TestABackupThatBreaksOff(t *testing.T) {
	f := newFixture(t, adminToken)
	f.handler.cfg.Backup = func(_ context.Context, fn func(int64, io.WriterTo) error) error {
		return fn(100, snapshot{func(w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("the disk")
		}})
	}
	server := httptest.NewServer(f.handler.TCP())
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/admin/v1/backup", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if raw, err := io.ReadAll(answer.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v", raw, err)
	}
}
