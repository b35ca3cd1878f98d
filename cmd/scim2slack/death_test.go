package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var deaths = flag.Int("deaths", 3, "at how many calls of each kind, at the most, TestDeathAtSystemCalls lets the gateway die")

// script is what a source does in one life of the gateway, and what of it was acknowledged.
type script struct {
	base         string // of SCIM
	tag          string // tells the people of one life apart
	users        [2]string
	group        string
	sent         []string
	acknowledged []string
}

// send sends one request; a false answer means that the gateway is gone.
func (s *script) send(what, method, path string, body any) (id string, ok bool) {
	s.sent = append(s.sent, what)
	raw, _ := json.Marshal(body)
	r, _ := http.NewRequest(method, s.base+path, bytes.NewReader(raw))
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", "application/scim+json")
	a, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		return "", false
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode >= 300 {
		return "", false
	}
	var resource struct{ ID string }
	_ = json.Unmarshal(answer, &resource)
	s.acknowledged = append(s.acknowledged, what)
	return resource.ID, true
}

func (s *script) name(i int) string { return fmt.Sprintf("%s-%d", s.tag, i) }

// run plays the script until it ends or the gateway dies.
func (s *script) run() {
	var ok bool
	for i := range s.users {
		if s.users[i], ok = s.send(fmt.Sprint("create ", i), "POST", "/Users",
			map[string]any{"userName": s.name(i), "emails": memberList(s.name(i) + "@example.com")}); !ok {
			return
		}
	}
	if s.group, ok = s.send("group", "POST", "/Groups", map[string]any{"displayName": s.tag, "members": memberList(s.users[:]...)}); !ok {
		return
	}
	if _, ok = s.send("title", "PATCH", "/Users/"+s.users[0], patch(op("replace", "title", "Boss"))); !ok {
		return
	}
	s.send("leaver", "PATCH", "/Users/"+s.users[1], patch(op("replace", "active", false)))
}

// holds reports whether Slack has all that was acknowledged, nobody twice.
func (s *script) holds(slack string) bool {
	said := strings.Join(s.acknowledged, ",")
	for i := range s.users {
		leaves := i == 1 && strings.Contains(said, "leaver")
		list, _ := get("http://"+slack+"/scim/v2/Users?filter=userName%20eq%20%22"+s.name(i)+"%22", "xoxp-test")["Resources"].([]any)
		if len(list) == 0 && (i == 1 && slices.Contains(s.sent, "leaver") || !strings.Contains(said, fmt.Sprint("create ", i))) {
			continue // nobody was promised it, or it may have left before Slack knew of it
		}
		if len(list) != 1 {
			return false
		}
		account := list[0].(map[string]any)
		if account["active"] != !leaves && (i == 0 || leaves) || i == 0 && strings.Contains(said, "title") && account["title"] != "Boss" {
			return false
		}
	}
	if !strings.Contains(said, "group") {
		return true
	}
	groups, _ := get("http://"+slack+"/scim/v2/Groups?filter=displayName%20eq%20%22"+s.tag+"%22", "xoxp-test")["Resources"].([]any)
	return len(groups) == 1
}

// The gateway dies at every write, commit, connect, send or receive of a scripted run, one after the other, as the kernel counts them for each
// thread, until a run has no more of them. After a restart Slack has all that was acknowledged, and nobody twice.
func TestDeathAtSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("strace is not here")
		}
		t.Skip("SKIPPED: strace is not here, so the gateway does not die at single system calls")
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	slack := freePort(t)
	start(t, nil, "sandbox", "--listen", slack, "--token", "xoxp-test", "--limits", "off")
	died := 0
	for _, call := range []string{"pwrite64", "fdatasync", "connect", "write", "read"} {
		for n, lived := 1, 0; n <= *deaths && lived < 3; n++ {
			listen := freePort(t)
			env := append(os.Environ(), "SCIM2SLACK_LISTEN="+listen, "SCIM2SLACK_ADMIN_LISTEN="+freePort(t), "SCIM2SLACK_TOKEN="+testToken,
				"SCIM2SLACK_DATA="+filepath.Join(t.TempDir(), "death.db"), "SCIM2SLACK_SLACK_TOKEN=xoxp-test", "SCIM2SLACK_ANSWER_WAIT=0",
				"SCIM2SLACK_SLACK_SCIM_URL=http://"+slack+"/scim", "SCIM2SLACK_SLACK_API_URL=http://"+slack+"/api/", "SCIM2SLACK_SLACK_SETTLE=1s", "GOMAXPROCS=1")
			doomed := exec.Command(strace, "-f", "-o", "/dev/null", "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n), path, "serve")
			doomed.Env = env
			doomed.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with its tracer it forms a group, which ends as one
			if err := doomed.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { _ = doomed.Wait(); close(ended) }()
			t.Cleanup(func() { _ = syscall.Kill(-doomed.Process.Pid, syscall.SIGKILL) })
			s := &script{base: "http://" + listen + "/scim/v2", tag: fmt.Sprintf("%s-%d", call, n)}
			for begin := time.Now(); get(s.base+"/ServiceProviderConfig", testToken) == nil && time.Since(begin) < 20*time.Second; {
				select {
				case <-ended:
					begin = time.Time{} // it died before it answered anybody
				case <-time.After(10 * time.Millisecond):
				}
			}
			s.run()
			select {
			case <-ended:
				died, lived = died+1, 0
				_ = syscall.Kill(-doomed.Process.Pid, syscall.SIGKILL)
			case <-time.After(2 * time.Second): // it has fewer such calls
				lived++
				_ = syscall.Kill(-doomed.Process.Pid, syscall.SIGKILL)
				<-ended
			}
			survivor := start(t, env, "serve")
			eventually(t, "the gateway answers again", 20*time.Second, func() bool { return get(s.base+"/ServiceProviderConfig", testToken) != nil })
			eventually(t, fmt.Sprintf("%s: what was acknowledged (%v) is in Slack", s.tag, s.acknowledged), 30*time.Second, func() bool { return s.holds(slack) })
			if err := survivor.end(syscall.SIGTERM); err != nil {
				t.Errorf("%s: after SIGTERM: %v", s.tag, err)
			}
		}
	}
	t.Logf("the gateway died %d times", died)
	if died < min(*deaths, 50) {
		t.Errorf("the gateway died only %d times", died)
	}
}
