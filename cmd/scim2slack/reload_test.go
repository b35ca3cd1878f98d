package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"scim2slack/store/boltstore"
)

// A secret in a file counts as soon as the new content is seen, and the old one does not any more.
func TestSecretsAreReplaced(t *testing.T) {
	r := startGateway(t, "")
	r.write("source", "source-token-number-001\n")
	r.write("admin", "admin-token-number-001")
	r.slack.SetToken("xoxp-next")
	r.write("slack", "xoxp-next")
	r.eventually("the watcher sees it", func() bool { return strings.Contains(r.log.String(), "the Slack token was replaced") })
	for token, want := range map[string]bool{"source-token-number-001": true, firstSecrets["source"]: false} {
		if r.opens(token) != want {
			t.Errorf("%s opens the SCIM side: %v", token, !want)
		}
	}
	for token, want := range map[string]bool{"admin-token-number-001": true, firstSecrets["admin"]: false} {
		if r.adminOpens(token) != want {
			t.Errorf("%s opens the admin API: %v", token, !want)
		}
	}
	if strings.Contains(r.log.String(), "at the next start") {
		t.Errorf("a secret waits for the next start: %s", r.log)
	}
}

// A file that is no good keeps the old secret, is told once, and hinders no other.
func TestSecretFileThatIsNoGood(t *testing.T) {
	for name, spoil := range map[string]func(r *running, path string) error{
		"empty":     func(r *running, _ string) error { r.write("source", "\n"); return nil },
		"missing":   func(_ *running, path string) error { return os.Remove(path) },
		"open":      func(_ *running, path string) error { return os.Chmod(path, 0o604) },
		"a blank":   func(r *running, _ string) error { r.write("source", "two words"); return nil },
		"too large": func(r *running, _ string) error { r.write("source", strings.Repeat("x", maxTokenFile+1)); return nil },
		"of others": func(r *running, _ string) error { r.write("source", firstSecrets["admin"]); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := startGateway(t, "")
			if err := spoil(r, filepath.Join(r.dir, "source")); err != nil {
				t.Fatal(err)
			}
			if name == "open" { // the same content, but it was seen otherwise
				r.write("source-2", firstSecrets["source"])
				if err := os.Chmod(filepath.Join(r.dir, "source-2"), 0o604); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(filepath.Join(r.dir, "source-2"), filepath.Join(r.dir, "source")); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				r.look(t.Context(), false)
			}
			if !r.opens(firstSecrets["source"]) {
				t.Error("the old secret is refused")
			}
			said := r.log.String()
			if n := strings.Count(said, "sources[0].tokenFile"); n != 1 {
				t.Errorf("told %d times:\n%s", n, said)
			}
			if name != "of others" {
				r.write("admin", "admin-token-number-001")
				r.look(t.Context(), false)
				if !r.adminOpens("admin-token-number-001") {
					t.Error("another secret is not replaced")
				}
			}
			r.write("source", "source-token-number-001")
			r.look(t.Context(), false)
			if !r.opens("source-token-number-001") || r.opens(firstSecrets["source"]) {
				t.Error("the good one that follows is not taken")
			}
		})
	}
}

// Neither a fault in the configuration nor a plan that is refused keeps a secret from being replaced.
func TestSecretsAreReplacedWhateverBecomesOfTheRest(t *testing.T) {
	r := startGateway(t, "plan: {maxLeavers: 0}\n")
	scim, _ := r.urls()
	if status := r.ask("POST", scim+"/Users", firstSecrets["source"], `{"userName":"janet","title":"Cook","emails":[{"value":"janet@example.com"}]}`); status != http.StatusCreated {
		t.Fatal(status)
	}
	for i, change := range [][]string{{"answer:", "answr:"}, {"answr:", "answer:", "name: default\n", "name: default\n    scope: title != \"Cook\"\n"}} {
		r.config(change...)
		token := fmt.Sprint("source-token-number-10", i)
		r.write("source", token)
		r.look(t.Context(), false)
		if !r.opens(token) || r.opens(firstSecrets["source"]) {
			t.Errorf("%v: the token is not replaced:\n%s", change, r.log)
		}
	}
	if said := r.log.String(); !strings.Contains(said, "answr") || !strings.Contains(said, "1 people would leave") {
		t.Errorf("the faults are not told: %s", said)
	}
	if u, _ := r.slack.UserByName("janet"); !u.Active {
		t.Error("janet is out of Slack")
	}
}

// SIGHUP reads the configuration again although nothing changed. It is sent to this very process, which has it told to the gateway alone.
func TestHangUp(t *testing.T) {
	r := startGateway(t, "")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.eventually("the configuration is read again", func() bool { return strings.Contains(r.log.String(), "the configuration was read again") })
}

// Whoever is pushed while a configuration is compared with the one before is what the new one makes of them, as is everybody else.
func TestPushedWhileTheConfigurationIsRead(t *testing.T) {
	r := startGateway(t, "")
	scim, _ := r.urls()
	var names []string
	var all sync.WaitGroup
	for i := range 40 {
		name := fmt.Sprint("p", i)
		names = append(names, name)
		all.Go(func() {
			body := fmt.Sprintf(`{"userName":%q,"title":"Cook","emails":[{"value":"%s@example.com"}]}`, name, name)
			if status := r.ask("POST", scim+"/Users", firstSecrets["source"], body); status != http.StatusCreated {
				t.Errorf("POST: %d", status)
			}
		})
		if i == 10 || i == 20 || i == 30 {
			r.config("name: default\n", "name: default\n    user: {title: upper(title)}\n", "    user: {title: upper(title)}\n", fmt.Sprintf("    user: {title: title + \"%d\"}\n", i),
				fmt.Sprintf("    user: {title: title + \"%d\"}\n", i-10), "    user: {title: upper(title)}\n")
			r.look(t.Context(), false)
		}
	}
	all.Wait()
	rule, err := os.ReadFile(filepath.Join(r.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := "COOK"
	if strings.Contains(string(rule), `title + "20"`) {
		want = "Cook20"
	}
	for _, name := range names {
		r.eventually(name+" is "+want, func() bool {
			u, _ := r.slack.UserByName(name)
			return u.Title == want
		})
	}
}

var rotations = flag.Int("rotations", 20, "how often TestRotationsUnderLoad replaces each secret")

// Each secret is replaced again and again while sources push. No request with the secret that counts fails, and the one before is refused
// as soon as the other one is taken.
func TestRotationsUnderLoad(t *testing.T) {
	r := startGateway(t, "  - name: signed\n    rate: {perSecond: 100000, burst: 100000}\n    jwt: {algorithm: EdDSA, keyFile: DIR/key, issuer: me, audience: you}\n")
	scim, admin := r.urls()
	signer := newSigner(t)
	kinds := []*rotated{
		{file: "source", next: func(n int) (text, token string) { token = fmt.Sprint("source-token-number-", n); return token, token }, opens: r.opens, url: scim + "/Users?count=0"},
		{file: "admin", next: func(n int) (text, token string) { token = fmt.Sprint("admin-token-number-", n); return token, token }, opens: r.adminOpens, url: admin + "/admin/v1/links?count=1"},
		{file: "key", next: func(int) (text, token string) { return signer.rotate() }, opens: r.opens, url: scim + "/Users?count=0"},
	}
	for _, kind := range kinds {
		kind.rotate(r, 0)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var good, pushed atomic.Int64
	for _, kind := range kinds {
		load.Go(func() {
			for ctx.Err() == nil {
				kind.use.RLock() // clients switch at the swap
				if status := r.ask("GET", kind.url, kind.token, ""); status != http.StatusOK {
					t.Errorf("%s: a good request is answered with %d", kind.file, status)
				}
				kind.use.RUnlock()
				good.Add(1)
			}
		})
	}
	load.Go(func() {
		source := kinds[0]
		for i := 0; ctx.Err() == nil; i++ {
			source.use.RLock()
			body := fmt.Sprintf(`{"userName":"p%d","emails":[{"value":"p%d@example.com"}]}`, i, i)
			if status := r.ask("POST", scim+"/Users", source.token, body); status != http.StatusCreated {
				t.Errorf("a push is answered with %d", status)
			}
			source.use.RUnlock()
			pushed.Add(1)
		}
	})
	slackToken := firstSecrets["slack"]
	var slowest time.Duration
	for n := 1; n <= *rotations; n++ {
		for _, kind := range kinds {
			slowest = max(slowest, kind.rotate(r, n))
		}
		next := fmt.Sprint("xoxp-number-", n)
		r.slack.SetToken(slackToken, next) // as Slack does it: the old one lives until it is revoked
		begin := time.Now()
		r.write("slack", next)
		r.look(ctx, false)
		r.eventually("the Slack token is replaced", func() bool {
			return r.log.count("the Slack token was replaced") == n
		})
		slowest = max(slowest, time.Since(begin))
		r.slack.SetToken(next)
		slackToken = next
	}
	cancel()
	load.Wait()
	if slowest > 5*time.Second { // 1 s is the promise; the machine of a test may be slow
		t.Errorf("a replacement took %v", slowest)
	}
	r.eventually("everybody is in Slack", func() bool { return int64(len(r.slack.Users())) == pushed.Load()+1 }) // and the owner of the token
	if strings.Contains(r.log.String(), outboundRests) {
		t.Error("the outbound side rested, although a good token was there all the time")
	}
	t.Logf("%d rotations of 4 kinds, %d good requests, %d pushes; the slowest took %v", *rotations, good.Load(), pushed.Load(), slowest)
}

const outboundRests = "outbound side paused"

// rotated is a secret in a file that is replaced while a client uses it.
type rotated struct {
	file  string
	next  func(n int) (text, token string)
	opens func(token string) bool
	url   string // which a good token opens
	use   sync.RWMutex
	token string
}

// rotate replaces the secret, looks that the old one is refused, and returns how long it took after the new content was there.
func (k *rotated) rotate(r *running, n int) time.Duration {
	text, token := k.next(n)
	k.use.Lock()
	defer k.use.Unlock()
	old := k.token
	r.write(k.file, text)
	begin := time.Now()
	r.look(r.Context(), false)
	took := time.Since(begin)
	if old != "" && k.opens(old) {
		r.Errorf("%s: the old one is still accepted", k.file)
	}
	if !k.opens(token) {
		r.Errorf("%s: the new one is refused\n%s", k.file, r.log)
	}
	k.token = token
	return took
}

// The key of the store is replaced by its file, while pushes go on, and the old one opens nothing any more. A key that does not fit changes nothing.
func TestStoreKeyIsReplaced(t *testing.T) {
	key := func(n int) string { return strings.Repeat(fmt.Sprintf("%02x", n), 32) }
	secrets := maps.Clone(firstSecrets)
	secrets["store"] = key(1)
	r := startGatewayWith(t, "encryption: {keyFile: DIR/store}\n", func(sim http.Handler) http.Handler { return sim }, secrets)
	scim, _ := r.urls()
	push := func(n int) {
		body := fmt.Sprintf(`{"userName":"p%d","emails":[{"value":"p%d@example.com"}]}`, n, n)
		if status := r.ask("POST", scim+"/Users", secrets["source"], body); status != http.StatusCreated {
			t.Errorf("a push is answered with %d", status)
		}
	}
	push(1)
	for n := 2; n <= 4; n++ {
		r.write("store", key(n)+"\n"+key(n-1)+"\n")
		r.look(t.Context(), false)
		push(n)
		r.eventually("the key is replaced", func() bool { return r.log.count("the store is encrypted with the current key alone") == n-1 })
	}
	r.write("store", key(9))
	r.look(t.Context(), false)
	if r.log.count("the keys of the store stay as they are") != 1 {
		t.Error("nobody was told that a key does not fit")
	}
	r.write("store", key(4))
	r.look(t.Context(), false)
	push(5)
	r.stop()
	for n, opens := range map[int]bool{1: false, 3: false, 4: true} {
		k, err := boltstore.ParseKey(key(n))
		if err != nil {
			t.Fatal(err)
		}
		st, err := boltstore.Open(r.cfg.Data, boltstore.Options{Keys: []boltstore.Key{k}, ReadOnly: true})
		if (err == nil) != opens {
			t.Errorf("key %d: %v", n, err)
		}
		if err == nil {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
