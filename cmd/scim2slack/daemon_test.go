package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"scim2slack/slacksim"
)

// quietConfig is that of a gateway on free ports in front of a Slack that nobody serves.
func quietConfig(t *testing.T) *config {
	cfg := defaultConfig()
	cfg.Listen, cfg.Admin.Listen, cfg.Data = "127.0.0.1:0", "127.0.0.1:0", filepath.Join(t.TempDir(), "g.db")
	cfg.Slack.Token, cfg.Slack.SCIMURL, cfg.Slack.APIURL = slacksim.DefaultToken, "http://127.0.0.1:1/scim", "http://127.0.0.1:1/api/"
	source := newSourceConfig(defaultSource)
	source.Token = canary
	cfg.Sources = []*sourceConfig{source}
	return cfg
}

func TestDaemonLeavesNothingRunning(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	cfg := quietConfig(t)
	for range 2 { // the second finds the file and the address free again
		d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := d.run(ctx); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(cfg.Data + ".sock"); !os.IsNotExist(err) {
			t.Errorf("the socket is still there: %v", err)
		}
	}
}

// What is open already is closed again when the opening fails.
func TestDaemonThatCannotOpen(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	cfg := quietConfig(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free := cfg.Admin.Listen
	cfg.Admin.Listen = taken.Addr().String()
	if _, err := openDaemon(cfg, slog.New(slog.DiscardHandler), ""); err == nil || !strings.Contains(err.Error(), "SCIM2SLACK_ADMIN_LISTEN") {
		t.Fatalf("the error is %v", err)
	}
	cfg.Admin.Listen = free
	d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
}

// A part that fails ends the whole, with its error.
func TestDaemonEndsWithItsParts(t *testing.T) {
	d, err := openDaemon(quietConfig(t), slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.adminListener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.run(t.Context()); err == nil || !strings.Contains(err.Error(), "admin listener") {
		t.Errorf("the error is %v", err)
	}
}

// The configuration's jwt opens the door to tokens that its key signed, and to no others.
func TestConfigJWT(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	text := "slack: {token: xoxp-of-slack-000}\nsources:\n  - name: okta\n    jwt: {algorithm: ALG, keyFile: " + keyFile + ", issuer: me, audience: you}\n"
	if _, faults, _ := load(t, strings.Replace(text, "ALG", "RS256", 1)); len(faults) != 1 || !strings.Contains(faults[0], "sources[0].jwt.keyFile") || !strings.Contains(faults[0], "RS256") {
		t.Errorf("a key of another algorithm: %v", faults)
	}
	if _, faults, _ := load(t, strings.Replace(strings.Replace(text, "ALG", "EdDSA", 1), "key.pem", "none", 1)); len(faults) != 1 || !strings.Contains(faults[0], "cannot be read") {
		t.Errorf("a key that is not there: %v", faults)
	}
	c, faults, _ := load(t, strings.Replace(text, "ALG", "EdDSA", 1))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	cfg := quietConfig(t)
	cfg.Sources = c.Sources
	d, err := openDaemon(cfg, slog.New(slog.DiscardHandler), "")
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for issuer, want := range map[string]int{"me": 200, "somebody": 401} {
		token, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"iss": issuer, "aud": "you", "exp": 9999999999}).SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/scim/v2/Users", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		d.edge.Handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("a token of %s is answered with %d: %s", issuer, w.Code, w.Body)
		}
	}
}

// No way of printing a secret shows it.
func TestSecretIsNotShown(t *testing.T) {
	cfg := quietConfig(t)
	cfg.Admin.Token = canary
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "config", cfg, "token", cfg.Admin.Token, "text", slog.AnyValue(cfg.Sources[0]))
	log.Info(strings.Join([]string{fmt.Sprintf("%v", cfg), fmt.Sprintf("%+v", cfg.Admin), fmt.Sprintf("%#v", cfg.Admin), fmt.Sprintf("%s%q%x", cfg.Admin.Token, cfg.Admin.Token, cfg.Admin.Token)}, " "))
	if err := printJSON(&out, cfg); err != nil {
		t.Error(err)
	}
	if strings.Contains(out.String(), "canary") || strings.Contains(out.String(), "63616e617279") {
		t.Errorf("shown: %s", out.String())
	}
}
