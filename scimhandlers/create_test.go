package scimhandlers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim2slack/dialect"
	"scim2slack/store"
)

// lostWriter is a connection that breaks before the answer gets through.
type lostWriter struct{ *httptest.ResponseRecorder }

func (lostWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// loseAnswer sends a POST whose answer does not arrive.
func (w *world) loseAnswer(path string, body any) {
	w.Helper()
	r := newRequest(w, "POST", path, body)
	w.handler.ServeHTTP(lostWriter{httptest.NewRecorder()}, r)
}

func TestPostIsIdempotentUntilItIsAnswered(t *testing.T) {
	w := newWorld(t)
	body := userBody("ann@x.test")
	body["externalId"] = "e-1"
	w.loseAnswer("/Users", body)
	stored := found(w.must(200, "GET", "/Users", nil))
	// The source corrects the name meanwhile: the same externalId tells that it is the same person.
	body["userName"], body["title"] = "ann.lee@x.test", "Lead"
	delete(body, "displayName")
	again := w.must(201, "POST", "/Users", body)
	if diff := cmp.Diff(stored, []string{again.body.String("id")}); diff != "" {
		t.Errorf("another id than the first time:\n%s", diff)
	}
	if got := again.body; got.String("userName") != "ann.lee@x.test" || got.String("title") != "Lead" || got["displayName"] != nil {
		t.Errorf("the second POST was not applied: %s", again.Body)
	}
	if again.Header().Get("Location") == "" {
		t.Error("no Location")
	}
	w.must(409, "POST", "/Users", body)

	members := []any{object{"value": stored[0]}}
	w.loseAnswer("/Groups", object{"displayName": "Eng", "members": members})
	group := w.must(201, "POST", "/Groups", object{"displayName": "ENG"})
	if ids := found(w.must(200, "GET", "/Groups", nil)); len(ids) != 1 || ids[0] != group.body.String("id") {
		t.Errorf("groups %v", ids)
	}
	if got := w.members(group.body.String("id")); len(got) != 0 {
		t.Errorf("members %v, though the second POST has none", got)
	}
	w.must(409, "POST", "/Groups", object{"displayName": "eng"})
}

func TestCreationsAreAcknowledgedOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.handler.Run(ctx) }()
		ann := w.newUser("ann@x.test")
		marked := func(id string) (mark bool) {
			w.view(func(tx store.Tx) (err error) { mark, err = tx.Unacknowledged(w.key(store.User, id)); return err })
			return mark
		}
		if !marked(ann) {
			t.Error("a creation is not marked in the transaction that makes it")
		}
		time.Sleep(2 * flushDelay)
		synctest.Wait()
		if marked(ann) {
			t.Error("the mark is still there after it was answered")
		}
		bob := w.newUser("bob@x.test")
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if marked(bob) {
			t.Error("Run ended without taking the last marks off")
		}
		w.restart()
		w.must(409, "POST", "/Users", userBody("ann@x.test"))
		w.must(409, "POST", "/Users", userBody("bob@x.test"))
	})
}

// TestCrashBeforeTheMarkIsOff repeats a POST after a crash that came between the answer and the flush: the source gets 201, which harms
// nobody. After a PUT of its own, it clearly knows of the user.
func TestCrashBeforeTheMarkIsOff(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.newUser("ann@x.test"), w.newUser("bob@x.test")
	body := userBody("bob@x.test")
	body["title"] = "Lead"
	w.must(200, "PUT", "/Users/"+bob, body)
	w.restart()
	if got := w.must(201, "POST", "/Users", userBody("ann@x.test")).body.String("id"); got != ann {
		t.Errorf("id %s, want %s", got, ann)
	}
	w.must(409, "POST", "/Users", userBody("bob@x.test"))
}

func TestPostThatSpeaksOfTwo(t *testing.T) {
	w := newWorld(t)
	first, second := userBody("ann@x.test"), userBody("bob@x.test")
	first["externalId"], second["externalId"] = "e-1", "e-2"
	w.loseAnswer("/Users", first)
	w.loseAnswer("/Users", second)
	before := w.dump()
	mixed := userBody("ann@x.test")
	mixed["externalId"] = "e-2"
	if a := w.must(409, "POST", "/Users", mixed); !strings.Contains(a.body.String("detail"), `externalId "e-2"`) {
		t.Errorf("detail %q", a.body.String("detail"))
	}
	if diff := cmp.Diff(before, w.dump()); diff != "" {
		t.Errorf("it changed the store:\n%s", diff)
	}
}

func TestConcurrentPostsOfOneUser(t *testing.T) {
	// The first waits for Slack until all others are answered.
	release := make(chan struct{})
	w := newWorld(t, func(c *Config) { c.AnswerWait = time.Minute })
	w.loop.decide = func(_ context.Context, key store.Key, generation uint64) (store.Status, error) {
		<-release
		return store.Status{Key: key, Observed: generation, Phase: store.Synced}, nil
	}
	const posts = 32
	codes := make(chan int, posts)
	var all sync.WaitGroup
	for i := range posts {
		all.Go(func() {
			a := httptest.NewRecorder()
			name := "ann@x.test"
			if i%2 == 0 {
				name = "ANN@x.test"
			}
			w.handler.ServeHTTP(a, newRequest(t, "POST", "/Users", userBody(name)))
			codes <- a.Code
		})
	}
	count := map[int]int{}
	for range posts - 1 {
		count[<-codes]++
	}
	close(release)
	all.Wait()
	count[<-codes]++
	if diff := cmp.Diff(map[int]int{201: 1, 409: posts - 1}, count); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if ids := found(w.must(200, "GET", "/Users", nil)); len(ids) != 1 {
		t.Errorf("%d users", len(ids))
	}
}

// refuse decides as the real reconciler does when Slack refuses for good.
func (w *world) refuse(reason, message string) {
	w.loop.decide = func(_ context.Context, key store.Key, generation uint64) (store.Status, error) {
		st := store.Status{Key: key, Observed: generation, Phase: store.Failed, Reason: reason, Message: message}
		w.update(func(tx store.Tx) error { return tx.PutStatus(st) })
		return st, nil
	}
}

func TestRefusedCreationIsWithdrawn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnswerWait = time.Minute })
	w.refuse("username_taken", "another Slack account has this userName")
	a := w.must(409, "POST", "/Users", userBody("ann@x.test"))
	if a.body.String("scimType") != "uniqueness" || a.body.String("detail") != "another Slack account has this userName" {
		t.Errorf("answer %s", a.Body)
	}
	if ids := found(w.must(200, "GET", "/Users", nil)); len(ids) != 0 {
		t.Errorf("users %v, though the source was told that there is none", ids)
	}
	if dump := w.dump(); strings.Contains(dump, "pending") || !strings.Contains(dump, "resource.withdrawn") {
		t.Errorf("store:\n%s", dump)
	}
	w.loop.decide = nil
	w.newUser("ann@x.test") // corrected in Slack: it can be created now
}

// TestRefusedCreationThatMovedOn holds that a creation is left alone when somebody else has to do with it by now.
func TestRefusedCreationThatMovedOn(t *testing.T) {
	for name, meddle := range map[string]func(w *world, key store.Key, tx store.Tx) error{
		"edited": func(w *world, key store.Key, tx store.Tx) error {
			r, err := tx.Resource(key)
			if err != nil {
				return err
			}
			r.Generation++
			return tx.PutResource(r)
		},
		"linked": func(w *world, key store.Key, tx store.Tx) error {
			return tx.PutLink(store.Link{Key: key, SlackID: "U1"})
		},
		"unknown outcome": func(w *world, key store.Key, tx store.Tx) error {
			return tx.PutIntent(store.Intent{Key: key, Op: "createUser"})
		},
		"tried again": func(w *world, key store.Key, tx store.Tx) error {
			return tx.PutStatus(store.Status{Key: key, Observed: 1, Phase: store.Synced})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.AnswerWait = time.Minute })
			w.loop.decide = func(_ context.Context, key store.Key, generation uint64) (store.Status, error) {
				st := store.Status{Key: key, Observed: generation, Phase: store.Failed, Reason: "email_invalid", Message: "no"}
				w.update(func(tx store.Tx) error {
					if err := tx.PutStatus(st); err != nil {
						return err
					}
					return meddle(w, key, tx)
				})
				return st, nil
			}
			id := w.must(201, "POST", "/Users", userBody("ann@x.test")).body.String("id")
			if got := found(w.must(200, "GET", "/Users", nil)); len(got) != 1 || got[0] != id {
				t.Errorf("users %v", got)
			}
		})
	}
}

// TestWithdrawnMemberLeavesItsGroups withdraws a user whom somebody made a member while Slack thought about it.
func TestWithdrawnMemberLeavesItsGroups(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnswerWait = time.Minute })
	group := w.newGroup("Eng")
	w.loop.decide = func(_ context.Context, key store.Key, generation uint64) (store.Status, error) {
		st := store.Status{Key: key, Observed: generation, Phase: store.Failed, Reason: "email_invalid", Message: "Slack does not take this e-mail"}
		w.update(func(tx store.Tx) error {
			if err := tx.PutStatus(st); err != nil {
				return err
			}
			_, err := tx.AddMembers(w.key(store.Group, group), store.Member{ID: key.ID, Type: store.User})
			return err
		})
		return st, nil
	}
	w.loop.take()
	w.must(400, "POST", "/Users", userBody("ann@x.test"))
	if len(w.members(group)) != 0 || w.generation(store.Group, group) != 2 {
		t.Errorf("members %v, generation %d", w.members(group), w.generation(store.Group, group))
	}
	if diff := cmp.Diff([]store.Key{w.key(store.Group, group)}, w.loop.take()); diff != "" {
		t.Errorf("the reconciler was told of:\n%s", diff)
	}
}

func TestPostOfAnInactiveUser(t *testing.T) {
	for _, policy := range []dialect.PostKnown{dialect.PostConflict, dialect.PostRevive} {
		w := newWorld(t)
		w.source.Profile.PostKnown = policy
		id := w.newUser("ann@x.test")
		w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "value": object{"active": false}}))
		body := userBody("ann@x.test")
		body["active"] = false
		w.must(409, "POST", "/Users", body)
		delete(body, "active")
		body["title"] = "Lead"
		if policy == dialect.PostConflict {
			w.must(409, "POST", "/Users", body)
			continue
		}
		a := w.must(201, "POST", "/Users", body)
		if a.body.String("id") != id || a.body["active"] != true || a.body["title"] != "Lead" || a.body["displayName"] != "Ann Lee" {
			t.Errorf("revived: %s", a.Body)
		}
		w.must(409, "POST", "/Users", body)
	}
}

func TestRefusedRevivalStaysDesired(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnswerWait = time.Minute })
	id := w.newUser("ann@x.test")
	w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "value": object{"active": false}}))
	w.refuse("email_invalid", "Slack does not take this e-mail")
	w.must(400, "POST", "/Users", userBody("ann@x.test"))
	if got := w.resource(store.User, id).Document; got["active"] != true {
		t.Errorf("stored %v", got)
	}
}

func TestOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name             string
			status           store.Status
			err              error
			waits            bool
			create, edit     int
			scimType, detail string
		}{
			{name: "synced", status: store.Status{Phase: store.Synced}, create: 201, edit: 200},
			{name: "pending", status: store.Status{Phase: store.Pending}, create: 201, edit: 200},
			{name: "skipped", status: store.Status{Phase: store.Skipped, Message: "createUsers is off"}, create: 201, edit: 200},
			{name: "incomplete", status: store.Status{Phase: store.Failed, Reason: store.ReasonIncomplete, Message: "no e-mail"}, create: 201, edit: 200},
			{name: "held", status: store.Status{Phase: store.Held, Message: "two hits"}, create: 201, edit: 200},
			{name: "too slow", waits: true, create: 201, edit: 200},
			{name: "stopping", err: context.Canceled, create: 201, edit: 200},
			{name: "broken", err: errors.New("disk on fire"), create: 201, edit: 200},
			{name: "taken", status: store.Status{Phase: store.Failed, Reason: "email_taken", Message: "somebody has it"}, create: 409, edit: 409,
				scimType: "uniqueness", detail: "somebody has it"},
			{name: "taken in SCIM 1.1", status: store.Status{Phase: store.Failed, Reason: "bad_email_address",
				Message: "Slack: bad_email_address (reason=email_taken)"}, create: 409, edit: 409, scimType: "uniqueness",
				detail: "Slack: bad_email_address (reason=email_taken)"},
			{name: "bad", status: store.Status{Phase: store.Failed, Reason: "bad_email_address", Message: "not an e-mail"}, create: 400, edit: 400,
				scimType: "invalidValue", detail: "not an e-mail"},
			{name: "no words", status: store.Status{Phase: store.Failed, Reason: "new_error"}, create: 400, edit: 400, scimType: "invalidValue",
				detail: "Slack refused it: new_error"},
		} {
			w := newWorld(t, func(c *Config) { c.AnswerWait = 3 * time.Second })
			id := w.newUser("old@x.test")
			w.loop.decide = func(ctx context.Context, key store.Key, generation uint64) (store.Status, error) {
				if c.waits {
					<-ctx.Done()
					return store.Status{Key: key, Phase: store.Pending}, ctx.Err()
				}
				st := c.status
				st.Key, st.Observed = key, generation
				w.update(func(tx store.Tx) error { return tx.PutStatus(st) })
				return st, c.err
			}
			begin := time.Now()
			a := w.must(c.create, "POST", "/Users", userBody("new@x.test"))
			if c.waits && time.Since(begin) != 3*time.Second {
				t.Errorf("%s: waited %v", c.name, time.Since(begin))
			}
			if c.scimType != "" && (a.body.String("scimType") != c.scimType || a.body.String("detail") != c.detail) {
				t.Errorf("%s: %s", c.name, a.Body)
			}
			w.must(c.edit, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "path": "title", "value": "Lead"}))
			body := userBody("old@x.test")
			body["title"] = "Boss"
			w.must(c.edit, "PUT", "/Users/"+id, body)
			if got := w.resource(store.User, id); got.Document["title"] != "Boss" || got.Generation != 3 {
				t.Errorf("%s: a refused edit did not stay desired: %+v", c.name, got)
			}
			w.must(204, "DELETE", "/Users/"+id, nil) // whatever Slack says
		}
	})
}

func TestNoWaitingWithoutAnswerWait(t *testing.T) {
	w := newWorld(t)
	w.loop.decide = func(context.Context, store.Key, uint64) (store.Status, error) {
		t.Error("Sync was called")
		return store.Status{}, nil
	}
	id := w.newUser("ann@x.test")
	w.must(200, "PATCH", "/Users/"+id, patchBody(object{"op": "replace", "path": "title", "value": "Lead"}))
	w.must(204, "DELETE", "/Users/"+id, nil)
	want := []store.Key{w.key(store.User, id), w.key(store.User, id), w.key(store.User, id)}
	if diff := cmp.Diff(want, w.loop.take()); diff != "" {
		t.Errorf("enqueued (-want +got):\n%s", diff)
	}
}

// TestClientLeaves cuts the connection in the middle of a write: it is durable, and the reconciler learns of it.
func TestClientLeaves(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRequest(t, "POST", "/Users", userBody("ann@x.test")).WithContext(ctx)
	w.handler.ServeHTTP(httptest.NewRecorder(), r)
	ids := found(w.must(200, "GET", "/Users", nil))
	if len(ids) != 1 || len(w.loop.take()) != 1 {
		t.Fatalf("users %v", ids)
	}
	if got := w.must(http.StatusCreated, "POST", "/Users", userBody("ann@x.test")).body.String("id"); got != ids[0] {
		t.Errorf("the POST that was repeated got %s, not %s", got, ids[0])
	}
}
