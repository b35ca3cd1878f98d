package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"scim2slack/server/admin"
	"scim2slack/store/boltstore"
)

// The answer is what openapi.yaml says, and it is a store.
func TestBackupAnswers(t *testing.T) {
	st, err := boltstore.Open(filepath.Join(t.TempDir(), "g.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	h := admin.New(admin.Config{Store: st, Backup: st.Backup, Log: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequest("GET", "/admin/v1/backup", nil)
	w := httptest.NewRecorder()
	h.Socket().ServeHTTP(w, r.WithContext(admin.WithPeer(r.Context(), os.Geteuid())))
	checkAnswer(t, r, w)
	file := filepath.Join(t.TempDir(), "b.db")
	if err := os.WriteFile(file, w.Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := boltstore.CheckFile(file); err != nil || w.Code != 200 {
		t.Errorf("got %d, %v", w.Code, err)
	}
}

// What is not whole never gets the name, and leaves what had it.
func TestWriteWhole(t *testing.T) {
	ours := errors.New("ours")
	good := func(to io.Writer) error { _, err := io.WriteString(to, "whole"); return err }
	fine := func(string) error { return nil }
	tests := []struct {
		name  string
		check func(string) error
		write func(io.Writer) error
		want  error
	}{
		{"whole", fine, good, nil},
		{"broken off", fine, func(to io.Writer) error { return errors.Join(good(to), ours) }, ours},
		{"damaged", func(string) error { return ours }, good, ours},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "b.db")
			if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			size, err := writeWhole(file, test.check, test.write)
			if !errors.Is(err, test.want) || err == nil && size != 5 {
				t.Errorf("got %d, %v", size, err)
			}
			content, err := os.ReadFile(file)
			want, mode := "whole", os.FileMode(0o600)
			if test.want != nil {
				want, mode = "old", 0o644
			}
			info, statErr := os.Stat(file)
			if err != nil || statErr != nil || string(content) != want || info.Mode().Perm() != mode {
				t.Errorf("the file is %q of mode %v; want %q of mode %v (%v)", content, info.Mode(), want, mode, errors.Join(err, statErr))
			}
			if names, err := os.ReadDir(filepath.Dir(file)); err != nil || len(names) != 1 {
				t.Errorf("the directory holds %v, %v", names, err)
			}
		})
	}
}
