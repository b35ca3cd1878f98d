package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// An exported audit is JSON lines:
//
//	{"checkpoint":{...}}                              at the begin, if retention removed what was before
//	{"after":{"seq":812,"mac":"..."}}                 at the begin of a part: the record that it goes on from
//	{"seq":813,"keyId":"...","mac":"...","record":{...}}
//	{"head":{"seq":813,"mac":"...",...}}              at the end of an export
//
// A record is there byte for byte as it is sealed, so that who has the key can verify the lines without the store. Records that are older than the
// chain have neither keyId nor mac.

// Line is one line of an exported audit, read.
type Line struct {
	Seq        uint64          `json:"seq,omitempty"`
	KeyID      KeyID           `json:"keyId,omitzero"`
	MAC        MAC             `json:"mac,omitzero"`
	Record     json.RawMessage `json:"record,omitempty"`
	Checkpoint *Checkpoint     `json:"checkpoint,omitempty"`
	After      *Head           `json:"after,omitempty"`
	Head       *Head           `json:"head,omitempty"`
}

// AppendLine appends a record as a line, with its line break.
func AppendLine(dst []byte, r Sealed) []byte {
	dst = strconv.AppendUint(append(dst, `{"seq":`...), r.Seq, 10)
	if r.KeyID != (KeyID{}) {
		dst = append(append(append(dst, `,"keyId":"`...), r.KeyID.String()...), `","mac":"`...)
		dst = append(append(dst, r.MAC.String()...), '"')
	}
	dst = append(append(dst, `,"record":`...), r.Record...)
	return append(dst, "}\n"...)
}

// Append appends a line that is no record's, with its line break.
func (l Line) Append(dst []byte) ([]byte, error) {
	raw, err := json.Marshal(l)
	return append(append(dst, raw...), '\n'), err
}

// ExportBegin returns the line with which a part of the audit begins that goes on after a record: what the first record's MAC is over. false if there is
// nothing before it.
func ExportBegin(tx Tx, after uint64) (Line, bool, error) {
	c, err := tx.Checkpoint()
	switch {
	case err == nil && after <= c.Seq:
		return Line{Checkpoint: &c}, true, nil
	case err != nil && !errors.Is(err, ErrNotFound), after == 0:
		return Line{}, false, ignoreNotFound(err)
	}
	for r, err := range tx.SealedAfter(after - 1) {
		if err != nil || r.Seq != after {
			return Line{}, false, err
		}
		return Line{After: &Head{Seq: r.Seq, MAC: r.MAC, KeyID: r.KeyID}}, true, nil
	}
	return Line{}, false, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// longestLine bounds a line of an exported audit. A record holds one resource's changes at most.
const longestLine = 16 << 20

// VerifyExport verifies an exported audit against the key and a head (zero: none). A line may go back to a record that was there already, as where something
// that writes such lines was started again and repeats its last ones; none may leave one out. What is wrong is in the verdict; the error is that of reading.
func VerifyExport(lines io.Reader, sealer *Sealer, head Head) (Verdict, error) {
	v := sealer.Verifier(head)
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, longestLine)
	for n := 1; scanner.Scan(); n++ {
		if err := v.line(scanner.Bytes()); err != nil {
			verdict, err := v.End(err)
			verdict.BrokenBy = fmt.Sprintf("line %d: %s", n, verdict.BrokenBy)
			return verdict, err
		}
	}
	if err := scanner.Err(); err != nil {
		return Verdict{}, err
	}
	return v.End(nil)
}

// line checks one line. One that is not to the byte as it was written is wrong, whatever it comes to when it is read.
func (v *Verifier) line(raw []byte) error {
	var l Line
	if err := json.Unmarshal(raw, &l); err != nil {
		return broken(v.last+1, "the line is no line of an exported audit")
	}
	r := Sealed{Seq: l.Seq, KeyID: l.KeyID, MAC: l.MAC, Record: l.Record}
	again, err := AppendLine(nil, r), error(nil)
	if l.Record == nil {
		again, err = l.Append(nil)
	}
	if err != nil || !bytes.Equal(again[:len(again)-1], raw) {
		return broken(max(l.Seq, v.last+1), "the line is not as it was written")
	}
	switch {
	case l.Record != nil:
		return v.Record(r)
	case l.Checkpoint != nil:
		return v.Checkpoint(*l.Checkpoint)
	case l.After != nil && v.last > 0 && l.After.Seq > v.last:
		return broken(v.last+1, "it is missing: the lines go on after record %d", l.After.Seq)
	case l.After != nil:
		v.After(*l.After)
	case l.Head != nil && (l.Head.Seq != v.last || l.Head.MAC != v.mac):
		return broken(v.last+1, "it is missing, or the head in the file, %d, is another's", l.Head.Seq)
	}
	return nil
}
