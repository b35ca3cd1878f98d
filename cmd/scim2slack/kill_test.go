package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once for the tests that need a process of its own.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "scim2slack-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "scim2slack")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// process is one run of the program.
type process struct {
	*exec.Cmd
	output *bytes.Buffer
	ended  chan error
}

func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(path, args...), output: &bytes.Buffer{}, ended: make(chan error, 1)}
	p.Env = append(os.Environ(), env...)
	p.Stdout, p.Stderr = p.output, p.output
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			<-p.ended
		}
		if t.Failed() {
			t.Logf("%v printed:\n%s", args, p.output)
		}
	})
	return p
}

// end sends a signal and waits for the end.
func (p *process) end(sig syscall.Signal) error {
	_ = p.Process.Signal(sig)
	err := <-p.ended
	p.ended <- err
	return err
}

func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", nextPort.Add(1))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// nextPort is none of those that the system gives to connections: it would be taken while the gateway that listens there is down. Each is
// given once, and two test processes begin at different ones.
var nextPort = func() *atomic.Int64 {
	first := &atomic.Int64{}
	first.Store(20_000 + int64(rand.IntN(10_000)))
	return first
}()

// eventually asks until the answer is yes. It waits for another process, which no fake clock reaches.
func eventually(t *testing.T, what string, within time.Duration, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ask() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}

// get decodes an answer; nil if there is none.
func get(url, token string) map[string]any {
	req, _ := http.NewRequest("GET", url, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var body map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&body)
	return body
}

var kills = flag.Int("kills", 5, "how often TestKilledWhilePushing kills the gateway")

// The process is killed again and again while users are pushed. Every user whose creation was acknowledged is in Slack once.
func TestKilledWhilePushing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	slackAddr, listen, adminAddr := freePort(t), freePort(t), freePort(t)
	start(t, nil, "sandbox", "--listen", slackAddr, "--token", "xoxp-test", "--limits", "off")
	env := []string{
		"SCIM2SLACK_LISTEN=" + listen, "SCIM2SLACK_ADMIN_LISTEN=" + adminAddr, "SCIM2SLACK_ADMIN_TOKEN=" + testAdminToken,
		"SCIM2SLACK_DATA=" + filepath.Join(t.TempDir(), "kill.db"), "SCIM2SLACK_TOKEN=" + testToken,
		"SCIM2SLACK_SLACK_TOKEN=xoxp-test", "SCIM2SLACK_SLACK_SCIM_URL=http://" + slackAddr + "/scim",
		"SCIM2SLACK_SLACK_API_URL=http://" + slackAddr + "/api/", "SCIM2SLACK_ANSWER_WAIT=0",
		"SCIM2SLACK_SLACK_LIMITS=createUser=600000/1000,writes=600000/1000,reads=600000/1000", // the sandbox has none
		"SCIM2SLACK_SLACK_SETTLE=1s", // the sandbox applies at once what it applies at all
	}
	const perRound, connections = 20, 4
	acknowledged := map[string]bool{}
	var mu sync.Mutex
	for round := range *kills + 1 {
		p := start(t, env, "serve")
		eventually(t, "the gateway answers", 20*time.Second, func() bool {
			return get("http://"+listen+"/scim/v2/ServiceProviderConfig", testToken) != nil
		})
		var all sync.WaitGroup
		for c := range connections {
			all.Go(func() {
				for i := range perRound {
					name := fmt.Sprintf("r%dc%dn%d", round, c, i)
					if post(listen, name) {
						mu.Lock()
						acknowledged[name] = true
						mu.Unlock()
					}
				}
			})
		}
		if round < *kills {
			eventually(t, "some users are acknowledged", 20*time.Second, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(acknowledged) >= (round+1)*perRound
			})
			_ = p.end(syscall.SIGKILL)
		}
		all.Wait()
		if round == *kills {
			last := time.Now()
			eventually(t, "nothing is pending", 30*time.Second, func() bool {
				time.Sleep(250 * time.Millisecond) // the status counts every resource; asking all the time would be what takes long
				return get("http://"+adminAddr+"/admin/v1/status", testAdminToken)["pending"] == 0.0
			})
			t.Logf("%d users were acknowledged over %d kills; Slack had them %v after the last one", len(acknowledged), *kills, time.Since(last).Round(time.Millisecond))
			if err := p.end(syscall.SIGTERM); err != nil {
				t.Errorf("after SIGTERM: %v", err)
			}
		}
	}
	if lost := missing(slackAddr, acknowledged); len(lost) > 0 {
		t.Errorf("%d acknowledged users are not in Slack: %.200q", len(lost), lost)
	}
	for name, n := range inSlack(slackAddr) {
		if n != 1 {
			t.Errorf("%s has %d accounts", name, n)
		}
	}
}

func post(listen, name string) bool {
	body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"emails":[{"value":"%s@example.com","primary":true}]}`, name, name)
	req, _ := http.NewRequest("POST", "http://"+listen+"/scim/v2/Users", bytes.NewReader([]byte(body)))
	req.Header.Set("Authorization", "Bearer "+testToken)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusCreated
}

// inSlack counts the accounts of each userName.
func inSlack(addr string) map[string]int {
	count := map[string]int{}
	for startIndex := 1; ; {
		page := get(fmt.Sprintf("http://%s/scim/v2/Users?count=1000&startIndex=%d", addr, startIndex), "xoxp-test")
		resources, _ := page["Resources"].([]any)
		for _, r := range resources {
			count[r.(map[string]any)["userName"].(string)]++
		}
		if len(resources) == 0 {
			return count
		}
		startIndex += len(resources)
	}
}

func missing(addr string, names map[string]bool) (out []string) {
	count := inSlack(addr)
	for name := range names {
		if count[name] == 0 {
			out = append(out, name)
		}
	}
	return out
}
