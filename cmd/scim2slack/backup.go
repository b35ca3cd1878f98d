package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"scim2slack/server/admin"
	"scim2slack/store/boltstore"
)

// backupCommand keeps a copy of the store.
type backupCommand struct {
	File string `arg:"" help:"Where the backup goes. A file that is there is replaced once the new one is whole."`
	adminFlags
}

// backupDone is what backup prints as JSON.
type backupDone struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// Run takes a snapshot from the running gateway or, if none runs, from the data file. It gets its name when it is on disk and checked.
func (c *backupCommand) Run(con *console) error {
	client, err := c.client(con)
	if err != nil {
		return err
	}
	data := ""
	if c.Admin == "" {
		where, err := whereabouts(c.Config, con.environ)
		if err != nil {
			return err
		}
		data = where.Data
		if sameFile(data, c.File) {
			return &usageError{fmt.Sprintf("%s is the data file itself: give the backup another name", c.File)}
		}
	}
	done := backupDone{File: c.File}
	done.Bytes, err = writeWhole(c.File, boltstore.CheckFile, func(to io.Writer) error { return snapshot(client, data, to) })
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	if c.JSON {
		return printJSON(con.stdout, done)
	}
	printf(con.stdout, "The backup %s has %d bytes and is whole. To restore it: stop the gateway, copy it over the data file, start the gateway.\n", done.File, done.Bytes)
	return nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// snapshot asks the gateway for its store. If nobody answers and data is not "", it reads that file.
func snapshot(client *adminClient, data string, to io.Writer) error {
	err := client.download("/admin/v1/backup", to)
	if gone := (*unansweredError)(nil); errors.As(err, &gone) && client.otherwise != nil {
		err = client.otherwise.download("/admin/v1/backup", to)
	}
	if gone := (*unansweredError)(nil); !errors.As(err, &gone) || data == "" {
		return err
	}
	if offline := boltstore.BackupFile(data, to); offline != nil {
		return fmt.Errorf("%w; and the data file cannot be read: %w", err, offline)
	}
	return nil
}

// writeWhole writes a file of mode 0600 that has its name only when it is on disk and check finds nothing wrong with it. It returns its size.
func writeWhole(name string, check func(path string) error, write func(to io.Writer) error) (size int64, err error) {
	dir := filepath.Dir(name)
	temp, err := os.CreateTemp(dir, filepath.Base(name)+".new-*") // mode 0600
	if err != nil {
		return 0, err
	}
	defer os.Remove(temp.Name()) // it is not there any more if all went well
	err = write(temp)
	if err == nil {
		err = temp.Sync()
	}
	if err == nil {
		size, err = temp.Seek(0, io.SeekCurrent)
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = check(temp.Name())
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		return 0, err
	}
	d, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	return size, errors.Join(d.Sync(), d.Close())
}

// download asks for what is no JSON and may be large. An answer that breaks off is an error.
func (c *adminClient) download(path string, to io.Writer) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		return err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token.reveal())
	}
	patient := *c.http
	patient.Timeout = 0 // the gateway ends it
	answer, err := patient.Do(r)
	if err != nil {
		if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return &unansweredError{c.where, err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		var told admin.Error
		if json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&told) != nil || told.Error == "" {
			told.Error = answer.Status
		}
		return errors.New(told.Error)
	}
	if _, err := io.Copy(to, answer.Body); err != nil {
		return fmt.Errorf("the answer of the gateway at %s broke off: %w", c.where, err)
	}
	return nil
}
