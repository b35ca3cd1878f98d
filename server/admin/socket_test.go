package admin

import (
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSocket(t *testing.T) {
	for name, data := range map[string]string{"short": "a.db", "long": strings.Repeat("long", 30) + ".db"} {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "s")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			t.Setenv("TMPDIR", dir)
			data := filepath.Join(dir, data)
			path, err := SocketPath(data)
			if err != nil || len(path) > longestSocketPath || (path == data+".sock") != (name == "short") {
				t.Fatal(path, err)
			}
			for range 2 { // the second finds what a killed gateway left
				listener, err := ListenSocket(data)
				if err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(path)
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("mode is %v, %v", info.Mode(), err)
				}
				defer listener.Close()
			}
			if name == "long" {
				if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if _, err := ListenSocket(data); err == nil {
					t.Error("a directory that others may enter is accepted")
				}
			}
		})
	}
}

func TestSocketDoesNotReplaceAFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(data+".sock", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenSocket(data); err == nil {
		t.Error("a file in the way was removed")
	}
	if content, _ := os.ReadFile(data + ".sock"); string(content) != "mine" {
		t.Error("the file is gone")
	}
}

func TestMetrics(t *testing.T) {
	f := newFixture(t, "")
	f.populate()
	f.loop.overview.Paused = "away"
	w := httptest.NewRecorder()
	f.handler.TCP().ServeHTTP(w, f.request("GET", "/metrics"))
	body, _ := io.ReadAll(w.Body)
	for _, want := range []string{
		`scim2slack_statuses{phase="failed",source="default",type="User"} 1`, `scim2slack_statuses{phase="held",source="okta",type="Group"} 0`,
		`scim2slack_resources{source="default",type="Group"} 1`, "scim2slack_paused 1", `scim2slack_build_info{version="1.2.3"} 1`, "scim2slack_oldest_pending_seconds ", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}
