package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says what of ours each package may import outside tests (CONTRIBUTING.md, The house). Only this command may import a
// store's implementation, and it alone imports the simulator.
var mayImport = map[string][]string{
	"scim":            {},
	"dialect":         {},
	"fuzzcost":        {},
	"slacksim":        {},
	"store":           {"scim"},
	"store/boltstore": {"store", "scim"},
	"store/storetest": {"store", "scim"},
	"auditsink":       {"store"},
	"translate":       {"scim"},
	"slackapi":        {"scim"},
	"reconcile":       {"store", "translate", "slackapi", "scim"},
	"scimhandlers":    {"store", "scim", "dialect"},
	"server":          {"scim"},
	"server/admin":    {"store", "scim"},
	"cmd/scim2slack":  {"scim", "dialect", "store", "store/boltstore", "translate", "slackapi", "reconcile", "scimhandlers", "server", "server/admin", "slacksim", "auditsink"},
}

// mustNotImport are packages of others that do not belong in a room of ours.
var mustNotImport = map[string][]string{
	"scim":      {"net/http", "os"},
	"translate": {"net/http", "os"},
	"store":     {"net/http"},
	"reconcile": {"net/http"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "scim2slack/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		room := strings.TrimPrefix(pkg.ImportPath, "scim2slack/")
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s is not in the list of rooms: give it its place here and in CONTRIBUTING.md", room)
		}
		for _, imported := range pkg.Imports {
			if ours, yes := strings.CutPrefix(imported, "scim2slack/"); yes && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", room, ours)
			}
			if slices.Contains(mustNotImport[room], imported) {
				t.Errorf("%s must not import %s", room, imported)
			}
		}
	}
}
