package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// reintroduced is a bug that other products had, or that one careless edit makes, and the test that would catch it here. TestFaultsAreCaught puts
// each back, by an overlay of one file, and wants that test to fail; docs/faults.md lists them.
type reintroduced struct {
	name       string
	file       string // below the root of the module
	from, to   string // from is in the file once
	test, room string // the test that fails, and its package
}

var reintroducedFaults = []reintroduced{
	{"a write is acknowledged though its commit failed", "scimhandlers/edit.go", "	if err == nil {\n		e.report()\n	}\n	return err\n", "	if err == nil {\n		e.report()\n	}\n	return nil\n",
		"TestStoreFailures", "scimhandlers"},
	{"a POST is repeated as soon as its answer is lost", "reconcile/resolve.go", "if time.Now().Before(settled) {", "if time.Now().Before(settled) && false {",
		"TestSlackAtItsWorst", "reconcile"},
	{"what was lost is not looked for before it is sent again", "reconcile/resolve.go", "return r.resolveCreation(ctx, j)", "return nil, r.giveUpIntent(ctx, j)",
		"TestSlackAtItsWorst", "reconcile"},
	{"no intent is written", "reconcile/record.go", "return tx.PutIntent(intent)\n	})\n	if err == nil {\n		j.intent, j.turned", "return nil\n	})\n	if err == nil {\n		j.intent, j.turned",
		"TestSlackAtItsWorst", "reconcile"},
	{"the intent is written while the call waits for the budget", "reconcile/record.go", "	j.turned = false\n	return slackapi.AtTurn(ctx, func() error { return r.intend(ctx, j, intent, changes) })\n",
		"	_ = r.intend(ctx, j, intent, changes)\n	return slackapi.AtTurn(ctx, func() error { return nil })\n", "TestWaitingForTheBudgetIsNoUnknownOutcome", "reconcile"},
	{"a lost answer counts as a call that was not sent", "slackapi/call.go", "	case f.mayHaveLeft(err):", "	case f.mayHaveLeft(err) && false:",
		"TestOutcomesOfAWrite", "slackapi"},
	{"Retry-After is ignored", "slackapi/call.go", "	if !c.governor.pause(call.limit, until) {", "	if true {", "TestLimitedCallPausesItsLimit", "slackapi"},
	{"a change of a user does not say that the user is active", "reconcile/user.go", "	if change.Active == nil {\n		active := true", "	if change.Active == nil && false {\n		active := true",
		"TestEveryUserWriteSaysActive", "reconcile"},
	{"leavers queue behind creations", "reconcile/sync.go", "		return slackapi.LaneLeavers, nil", "		return slackapi.LaneCreates, nil", "TestLeaversOvertakeAnyBacklog", "reconcile"},
	{"lanes do not count when the budget is spent", "slackapi/budget.go", "	return cmp.Or(cmp.Compare(a.lane, b.lane), cmp.Compare(a.turn, b.turn))", "	return cmp.Compare(a.turn, b.turn)",
		"TestLanesGoInOrderThenFirstCome", "slackapi"},
	{"one refused member blocks the others", "reconcile/group.go", `	return e != nil && (e.ID == "unable_to_add_deleted_or_guest_to_group"`, `	return false && (e.ID == "unable_to_add_deleted_or_guest_to_group"`,
		"TestRefusedMemberIsIsolated", "reconcile"},
	{"the account of the token is touched", "reconcile/gate.go", "identity != nil && identity.UserID == slackID {", "identity != nil && false {", "TestTokenOwnerIsProtected", "reconcile"},
	{"Slack deactivates whom it updates, and nobody stops", "reconcile/user.go", "unasked != \"\" {", "unasked != \"\" && false {", "TestUnaskedActsStopAllWrites", "reconcile"},
	{"who is woken while a round is under way is forgotten", "reconcile/reconcile.go", "before.Woken != j.status.Woken {", "false {", "TestWokenMeanwhileStaysPending", "reconcile"},
	{"what somebody who left had marked as work is queued by nobody", "reconcile/reconcile.go", "	cfg.Store = followed{cfg.Store}\n", "", "TestAskedByOneWhoLeft", "reconcile"},
	{"a look at Slack that comes sooner ends the watch for a late effect", "reconcile/resolve.go", "	if link.Unsure.Before(from) {", "	if true {", "TestLateEffectOnGroupIsSeenWhenAMemberSettles", "reconcile"},
	{"what Slack lost is not made anew", "reconcile/reconcile.go", "e != nil && e.Kind == slackapi.NotFound && j.link != nil {", "e != nil && false {", "TestLostGroupIsMadeAnew", "reconcile"},
	{"an account is linked to a second person", "reconcile/match.go", "	case errors.Is(err, store.ErrNotFound) || err == nil && holder.Key == j.key:", "	case true:", "TestSecondClaimIsHeld", "reconcile"},
	{"a waiter is answered by an older generation", "reconcile/waiters.go", "if o.generation > st.Observed {", "if false {", "TestWaiters", "reconcile"},
	{"a late effect wins over what came after it", "reconcile/resolve.go", "	o.phase, o.reason, o.at = store.Pending, \"verifying\", j.link.Unsure", "	return o\n	o.phase, o.reason, o.at = store.Pending, \"verifying\", j.link.Unsure",
		"TestLateEffectDoesNotWin", "reconcile"},
	{"a POST whose answer was lost is a conflict for ever", "scimhandlers/create.go", "		if marked { // nobody ever saw it", "		if false && marked { // nobody ever saw it",
		"TestPostIsIdempotentUntilItIsAnswered", "scimhandlers"},
	{"a list of unknown members empties the group", "scimhandlers/members.go", "	if len(sent) > 0 && len(kept) == 0 {", "	if false {", "TestMemberOperations", "scimhandlers"},
	{"a cleared active deactivates, or brings back", "scimhandlers/edit.go", "	if was := before[\"active\"]; was != nil {", "	if was := before[\"active\"]; false {", "TestClearedActiveSaysNothing", "scimhandlers"},
	{"the name of a deleted user reaches Slack", "translate/user.go", "	return is && t.options.SoftDeleteRenames && !t.user.Active", "	return is && false", "TestSoftDelete", "translate"},
	{"a change is committed but not marked as work", "store/boltstore/work.go", "	return t.set(pending, key, work)", "	return nil", "TestConformance", "store/boltstore"},
	{"a small PATCH compares for seconds, and nobody else writes", "scim/patch_cost.go", "if left := MaxComparisons - p.comparisons; wanted > 0 &&", "if left := MaxComparisons - p.comparisons; false &&", "TestPatchComparisonsAreBounded", "scim"},
	{"a PATCH writes into the list that is stored", "scim/patch_elements.go", "	if !l.owned {\n", "	if false {\n", "TestPatchForms", "scim"},
	{"the smallest values of a body fill the memory", "scim/decode.go", "if d.values++; d.values > d.maxValues {", "if d.values++; false {", "TestDecodeLimits", "scim"},
	{"a required attribute is removed without a word of mutability", "scim/patch_apply.go", "if c.kind == OpRemove && (a.Required || a.Name == \"active\") {", "if c.kind == OpRemove && a.Name == \"active\" {", "TestPatchForms", "scim"},
	{"a cursor of another question is taken", "scimhandlers/cursor.go", "if !hmac.Equal(seal, sealOf(key, body, question)) {", "if !hmac.Equal(seal, sealOf(key, body, question)) && false {", "TestCursorErrors", "scimhandlers"},
	{"a scope that fails for somebody puts them out", "reconcile/scope.go", "\ts.outside = s.rule == nil && !in\n", "\ts.outside, s.rule = !in, nil\n",
		"TestScopeThatFailsPutsNobodyOut", "cmd/scim2slack"},
	{"who comes into a group, or leaves it, is not looked at again", "scimhandlers/decided.go", "\t\te.touched = append(e.touched, key)\n", "\t\tcontinue\n",
		"TestScopeInAnyOrder", "cmd/scim2slack"},
	{"a configuration may put everybody out", "cmd/scim2slack/applied.go", "\tif v.Refused && v.ID != approve {", "\tif false {",
		"TestTooManyLeaversAreRefused", "cmd/scim2slack"},
	{"a name that does not exist is no fault within a function", "translate/rule.go", "	program, err := expr.Compile(rule.Expression, options...)\n	if err == nil {", "	var program *vm.Program\n	var err error\n	{",
		"TestMisspeltNameInEachFunction", "translate"},
	{"an import is not believed", "reconcile/match.go", "\t\tcase f.Imported: // somebody said so", "\t\tcase false: // somebody said so",
		"TestMoveFromAnotherConnector", "cmd/scim2slack"},
	{"who is not on a list counts as gone", "reconcile/drift.go", "\tu, err := d.r.cfg.Slack.User(ctx, slackapi.LaneReads, link.SlackID)\n", "\tu, err := slackapi.User{}, error(&slackapi.Error{Kind: slackapi.NotFound})\n",
		"TestDrift", "cmd/scim2slack"},
	{"a MAC does not cover the record before", "store/sealer.go", "append(data, before[:]...)", "append(data, make([]byte, len(before))...)",
		"TestEveryTamperIsFound", "store/boltstore"},
	{"records keep values though none are wished", "store/audit.go", "if s == nil || !s.values {", "if s == nil {", "TestAuditHasNoValues", "cmd/scim2slack"},
	{"a call to Slack is in no record", "slackapi/call.go", "	call.tell(ctx, a, e)\n", "", "TestAuditHasEveryCall", "cmd/scim2slack"},
	{"a rule that fails sends the rest of the person", "translate/rewrite.go", "\t\t\tif err != nil {\n\t\t\t\treturn nil, err\n\t\t\t}\n\t\t\tgot.text", "\t\t\tif err != nil {\n\t\t\t\tcontinue\n\t\t\t}\n\t\t\tgot.text",
		"TestRuleFailsForOnePerson", "translate"},
	{"a route of the admin side that was given no role is open", "server/admin/role.go", "\treturn least >= 0 && slices.Index", "\treturn slices.Index", "TestRouteWithoutARole", "server/admin"},
	{"one of two Authorization headers is enough", "server/admin/tokens.go", "\tif len(headers) != 1 {", "\tif len(headers) == 0 {", "TestMatrix", "server/admin"},
	{"another spelling of a path reaches a route", "server/admin/routes.go", "\tpath, method := r.URL.EscapedPath(), r.Method", "\tpath, method := r.URL.Path, r.Method", "TestMatrix", "server/admin"},
	{"who guesses admin tokens is not slowed down", "server/admin/throttle.go", "\tif debt+failureCosts > mostDebt {", "\tif debt+failureCosts > mostDebt && false {", "TestGuessing", "server/admin"},
	{"a change ends half done when its client leaves", "server/admin/front.go", "r = r.WithContext(context.WithoutCancel(r.Context()))", "_ = context.WithoutCancel", "TestClientWhoLeft", "server/admin"},
	{"a foreign page changes something", "server/admin/browser.go", "h.crossOrigin.Check(r); err != nil {", "h.crossOrigin.Check(r); err != nil && false {", "TestForeignPages", "server/admin"},
	{"a filter looks into another source", "scimhandlers/lookup.go", "keys, err = tx.FindResources(s.x.source.Name,", "keys, err = tx.FindResources(\"b\",", "TestQuestionsAboutTheOther", "scimhandlers"},
	{"one of two credentials in a request is enough", "server/lock.go", "\tcase found > 1:", "\tcase found > 9:", "TestStaticCredentials", "server"},
	{"a secret that expired still opens the door", "server/lock.go", "if !c.Expires.IsZero() && !now.Before(c.Expires) {", "if !c.Expires.IsZero() && now.Before(c.Expires.AddDate(-9, 0, 0)) {", "TestCredentialExpires", "server"},
	{"a password is one of any user", "server/lock.go", "{f.Header, f.Word, user}", "{f.Header, f.Word, \"\"}", "TestStaticCredentials", "server"},
	{"one flooding source takes the share of another", "server/rate.go", "g := (*s.gates.Load())[SourceName(c.Request().Context())]", "g := (*s.gates.Load())[\"idp\"]", "TestRateIsFair", "server"},
	{"a guesser locks out who comes through the same proxy", "server/caller.go", "\t\tcaller, err := keys.admit(c.Request())", "\t\tcaller, err := keys.admit(c.Request())\n\t\tif wait := s.guesses.wrong(c.RealIP()); wait > 0 {\n\t\t\treturn tooMany(c, wait, \"\")\n\t\t}", "TestGuesses", "server"},
	{"a revoked token counts until the next start", "server/admin/source_tokens.go", "\tif err == nil {\n\t\terr = h.cfg.SourceTokens.Refresh(r.Context())\n\t}", "\tif err != nil {\n\t\terr = h.cfg.SourceTokens.Refresh(r.Context())\n\t}", "TestTokensOfSources", "cmd/scim2slack"},
	{"the token of a source that is gone still opens the door", "cmd/scim2slack/source_tokens.go", "\t\tif !configured || len(token.Hash) != sha256.Size {\n\t\t\tcontinue\n\t\t}", "\t\tif !configured {\n\t\t\ts = newSourceConfig(token.Source)\n\t\t}", "TestTokensOfSources", "cmd/scim2slack"},
	{"the algorithm of a token is believed", "server/jwt_trust.go", "if token.algorithm != t.JWT.Algorithm {", "if false {",
		"TestJWTVectors", "server"},
	{"a critical header is skipped", "server/jwt_token.go", "[]string{\"crit\", \"b64\", \"zip\", \"enc\"}", "[]string{\"zip\", \"enc\"}",
		"TestJWTVectors", "server"},
	{"line breaks in a token are skipped", "server/jwt_token.go", "if strings.ContainsAny(text, \"\\r\\n\") {", "if false {",
		"TestJWTVectors", "server"},
	{"a time that is none counts as missing", "server/jwt_token.go", "there && !(ok && seconds > 0 && seconds < year10000)", "there && ok && seconds < 0",
		"TestJWTVectors", "server"},
	{"a token of two sources is that of the first", "server/jwt_trust.go", "if slices.ContainsFunc(proven,", "if false && slices.ContainsFunc(proven,",
		"TestJWTVectors", "server"},
	{"a token for other ends opens the door", "server/jwt_trust.go", "if !t.JWT.acceptsType(token.kind) {", "if false {",
		"TestJWTVectors", "server"},
	{"a key for encryption verifies", "server/jwks_key.go", "use != \"\" && use != \"sig\"", "use == \"none\"",
		"TestJWTVectors", "server"},
	{"made-up keys make fetch after fetch", "server/jwks.go", "if !wait(ctx, gap.C, nil) {", "if !wait(ctx, gap.C, s.wanted) {",
		"TestRotationDuringFloodOfUnknownKeys", "server"},
	{"keys of an issuer are used for ever", "server/jwks.go", "f == nil || time.Since(f.at) > keysMaxAge", "f == nil",
		"TestIssuerDownForADay", "server"},
	{"keys of an issuer come from where it redirects to", "server/jwks.go", "return http.ErrUseLastResponse", "return nil",
		"TestKeysOverTheWire", "server"},
	{"an access token outlives the secret by which it was got", "server/oauth_client.go", "c.Source, c.Client.ID, c.Client.SecretHash)", "c.Source, c.Client.ID, \"\")",
		"TestAccessTokenEnds", "server"},
	{"an encoded path is the token endpoint", "server/oauth.go", "r.URL.EscapedPath() != TokenPath", "r.URL.Path != TokenPath",
		"TestTokenEndpointOpensNothingElse", "server"},
	{"of a parameter that comes twice the first counts", "server/oauth.go", "if len(list) > 1 {", "if false {",
		"TestTokenRequestsRefused", "server"},
	{"a token of another workspace counts", "reconcile/identity.go", "if !was.same(is) {", "if false {", "TestTokenOfAnotherWorkspace", "reconcile"},
	{"who is pushed while a configuration is compared stays what the old one made", "reconcile/changeover.go", "		r.noted[key] = struct{}{}", "		_ = key", "TestPushedDuringChangeover", "reconcile"},
	{"half of a token that Slack repeats is shown", "slackapi/call.go", "token.hideIn(body)", "body", "TestEchoedTokenIsNowhere", "slackapi"},
	{"a replaced secret waits for the next change of the configuration", "cmd/scim2slack/config_files.go", "now.seen != before.seen", `at.key == "" && now.seen != before.seen`, "TestSecretsAreReplaced", "cmd/scim2slack"},
	{"a spoilt file takes the secret away", "cmd/scim2slack/config_files.go", `err != nil && before.content != ""`, `false && before.content != ""`, "TestSecretFileThatIsNoGood", "cmd/scim2slack"},
	{"the path of a request is logged as it is", "server/middleware.go", "shownPath(r.URL.Path)", "r.URL.Path", "TestCanaries", "cmd/scim2slack"},
	{"what Slack said of a person is logged", "reconcile/reconcile.go", `"warnings", len(st.Warnings))`, `"warnings", len(st.Warnings), "message", st.Message)`, "TestCanaries", "cmd/scim2slack"},
}

// Each fault still fits the code, and docs/faults.md names it with its test.
func TestFaultsFitTheCode(t *testing.T) {
	document, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range reintroducedFaults {
		raw, err := os.ReadFile(filepath.Join("../..", f.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(raw), f.from); n != 1 {
			t.Errorf("%s: %q is in %s %d times", f.name, f.from, f.file, n)
		}
		if row := fmt.Sprintf("| %s | `%s` | `%s` |", f.name, f.file, f.test); !strings.Contains(string(document), row) {
			t.Errorf("docs/faults.md has no row\n%s", row)
		}
	}
}

// TestFaultsAreCaught puts every fault back and wants its test to fail. It takes minutes: set FAULTS=1.
func TestFaultsAreCaught(t *testing.T) {
	if os.Getenv("FAULTS") == "" {
		t.Skip("set FAULTS=1 to put each fault of docs/faults.md back and see that a test catches it")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range reintroducedFaults {
		t.Run(f.name, func(t *testing.T) {
			path := filepath.Join(root, f.file)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := filepath.Join(t.TempDir(), "broken.go")
			if err := os.WriteFile(broken, []byte(strings.Replace(string(raw), f.from, f.to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: broken}})
			if err != nil {
				t.Fatal(err)
			}
			list := filepath.Join(t.TempDir(), "overlay.json")
			if err := os.WriteFile(list, overlay, 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.Command("go", "test", "-overlay", list, "-count=1", "-vet=off", "-timeout", "5m", "-run", "^"+f.test+"$", "./"+f.room)
			command.Dir = root
			out, err := command.CombinedOutput()
			if err == nil {
				t.Errorf("%s does not notice", f.test)
			} else if !strings.Contains(string(out), "--- FAIL: "+f.test) && !strings.Contains(string(out), "panic:") {
				t.Errorf("the test did not run:\n%s", out)
			}
		})
	}
}
