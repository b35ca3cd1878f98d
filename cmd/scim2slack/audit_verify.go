package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"scim2slack/store"
)

type auditVerifyCommand struct {
	Head   string `placeholder:"SEQ:MAC|FILE" help:"A head that was printed or exported earlier, or a file that ends with one. Without it a cut tail and an older copy of the data file cannot be found."`
	Export string `placeholder:"FILE" type:"existingfile" help:"Verify a file that audit export or audit.file wrote, rather than the store. Needs the key."`
	adminFlags
}

// Run verifies and says where the first record is that is wrong.
func (c *auditVerifyCommand) Run(con *console) error {
	head, err := readHead(c.Head)
	if err != nil {
		return &usageError{"--head " + err.Error()}
	}
	var v store.Verdict
	if c.Export != "" {
		v, err = c.verifyFile(con, head)
	} else {
		v, err = c.verifyStore(con, head)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(con.stdout, v)
	} else {
		printVerdict(con.stdout, v)
	}
	if err == nil && v.Broken {
		return &exitError{exitFailed}
	}
	return err
}

func (c *auditVerifyCommand) verifyStore(con *console, head store.Head) (v store.Verdict, err error) {
	path := "/admin/v1/audit/verify"
	if head != (store.Head{}) {
		path += "?head=" + head.String()
	}
	return v, c.withAudit(con, func(client *adminClient) error {
		return client.stream(http.MethodGet, path, nil, func(raw json.RawMessage) error { return json.Unmarshal(raw, &v) })
	})
}

func (c *auditVerifyCommand) verifyFile(con *console, head store.Head) (v store.Verdict, err error) {
	cfg, err := whereabouts(c.Config, con.environ)
	if err != nil {
		return v, err
	}
	sealer, err := cfg.sealer(cfg.auditKey)
	if err != nil {
		return v, err
	}
	file, err := os.Open(c.Export)
	if err != nil {
		return v, err
	}
	v, err = store.VerifyExport(file, sealer, head)
	return v, errors.Join(err, file.Close())
}

func printVerdict(w io.Writer, v store.Verdict) {
	if v.Broken {
		printf(w, "BROKEN: %s\n", v.BrokenBy)
		printf(w, "%d records before that are as they were written.\n", v.Verified)
		return
	}
	printf(w, "%d records are as they were written, up to %s\n", v.Verified, v.Last)
	if v.Removed > 0 {
		printf(w, "%d older ones were removed by retention, as a sealed checkpoint says.\n", v.Removed)
	}
	if v.Unsealed > 0 {
		printf(w, "%d are older than the chain, and nothing is proven of them.\n", v.Unsealed)
	}
	switch {
	case v.Head == nil:
		printf(w, "Nothing is proven of what may have been cut off at the end: give an earlier head with --head.\n")
	case v.HeadBehind:
		printf(w, "The record of the head %d was removed by retention: give a newer one.\n", v.Head.Seq)
	default:
		printf(w, "The head %d is among them.\n", v.Head.Seq)
	}
}

// readHead reads SEQ:MAC, or the last line of a file that holds that, a head as JSON, or an exported audit. "" is no head.
func readHead(text string) (store.Head, error) {
	if text == "" {
		return store.Head{}, nil
	}
	head, err := store.ParseHead(text)
	if err == nil {
		return head, nil
	}
	content, fileErr := readTail(text)
	if errors.Is(fileErr, os.ErrNotExist) {
		return head, fmt.Errorf("is neither a head nor a file: %w", err)
	}
	if fileErr != nil {
		return head, fileErr
	}
	if json.Unmarshal(content, &head) == nil && head.Seq > 0 { // audit head --json
		return head, nil
	}
	last := content[bytes.LastIndexByte(content, '\n')+1:]
	var line store.Line
	if json.Unmarshal(last, &line) == nil && line.Head != nil {
		return *line.Head, nil
	}
	if head, err = store.ParseHead(string(last)); err != nil {
		return head, fmt.Errorf("names %s, whose last line is no head: %w", quote(text), err)
	}
	return head, nil
}

// readTail returns the end of a file, where a head is, without blanks after it.
func readTail(path string) ([]byte, error) {
	const most = 64 << 10
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(max(0, info.Size()-most), io.SeekStart); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, most))
	return bytes.TrimSpace(content), err
}
