package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var exportSealer = NewSealer(false, "the key of these tests")

// chain returns records as a store seals them.
func chain(t testing.TB, n int) (records []Sealed) {
	t.Helper()
	var before MAC
	for seq := uint64(1); seq <= uint64(n); seq++ {
		record, err := exportSealer.Record(Audit{Event: "resource.patched", Generation: seq, Detail: "<&>\u2028"})
		if err != nil {
			t.Fatal(err)
		}
		before = exportSealer.Seal(before, seq, record)
		records = append(records, Sealed{Seq: seq, KeyID: exportSealer.KeyID(), MAC: before, Record: record})
	}
	return records
}

func headOf(r Sealed) Head { return Head{Seq: r.Seq, MAC: r.MAC} }

func lines(t testing.TB, begin *Line, records []Sealed) (out []string) {
	t.Helper()
	add := func(l Line) {
		raw, err := l.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(raw))
	}
	if begin != nil {
		add(*begin)
	}
	for _, r := range records {
		out = append(out, string(AppendLine(nil, r)))
	}
	head := headOf(records[len(records)-1])
	add(Line{Head: &head})
	return out
}

func verifyLines(t testing.TB, text string, head Head) Verdict {
	t.Helper()
	v, err := VerifyExport(strings.NewReader(text), exportSealer, head)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Parts that go on from each other are whole, also where the last lines of one are repeated; a part that leaves something out is not.
func TestExportedParts(t *testing.T) {
	all := chain(t, 20)
	after := func(n int) *Line { h := headOf(all[n-1]); return &Line{After: &h} }
	c := exportSealer.SealCheckpoint(Checkpoint{Seq: 5, MAC: all[4].MAC, Removed: 5, Time: time.Unix(1, 0)})
	forged := NewSealer(false, "another key").SealCheckpoint(c)
	part := func(begin *Line, from, to int) string { return strings.Join(lines(t, begin, all[from:to]), "") }
	for name, test := range map[string]struct {
		text     string
		verified int
		broken   string
	}{
		"all":                    {part(nil, 0, 20), 20, ""},
		"two parts":              {part(nil, 0, 8) + part(after(8), 8, 20), 20, ""},
		"a repetition":           {part(nil, 0, 8) + part(after(6), 6, 20), 22, ""},
		"a checkpoint":           {part(&Line{Checkpoint: &c}, 5, 20), 15, ""},
		"a part of its own":      {part(after(8), 8, 20), 12, ""},
		"a part that is gone":    {part(nil, 0, 8) + part(after(9), 9, 20), 8, "line 10: record 9: it is missing: the lines go on after record 9"},
		"no beginning":           {part(nil, 5, 20), 0, "line 1: record 1: it is missing, and so is all before record 6"},
		"a forged checkpoint":    {part(&Line{Checkpoint: &forged}, 5, 20), 0, "is not at hand"},
		"after another record":   {part(after(7), 8, 20), 0, "line 2: record 8: it is missing"},
		"another chain before":   {part(&Line{After: &Head{Seq: 8, MAC: all[8].MAC}}, 8, 20), 0, "its MAC does not fit"},
		"cut":                    {strings.Join(lines(t, nil, all)[:12], ""), 12, "the tail was cut off"},
		"blanks":                 {strings.Replace(part(nil, 0, 20), `"mac":`, `"mac": `, 1), 0, "line 1: record 1: the line is not as it was written"},
		"another key's spelling": {strings.Replace(part(nil, 0, 20), `"seq":3`, `"Seq":3`, 1), 2, "line 3: record 3: the line is not as it was written"},
		"no lines at all":        {"", 0, "the tail was cut off"},
		"something else":         {"hello\n", 0, "no line of an exported audit"},
	} {
		v := verifyLines(t, test.text, headOf(all[19]))
		if v.Verified != uint64(test.verified) || v.Broken != (test.broken != "") || !strings.Contains(v.BrokenBy, test.broken) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// Whatever is done to the lines of an export is found, by the head that was exported with them.
func TestEveryTamperWithAnExportIsFound(t *testing.T) {
	all := chain(t, 40)
	good, head := lines(t, nil, all), headOf(all[39])
	if v := verifyLines(t, strings.Join(good, ""), head); v.Broken || v.Verified != 40 {
		t.Fatalf("%+v", v)
	}
	seed := rand.Uint64()
	draw := rand.New(rand.NewPCG(seed, 0))
	for n := range 2000 {
		text := append([]string{}, good...)
		i, k := draw.IntN(40), draw.IntN(40)
		switch n % 4 {
		case 0:
			line := []byte(text[i])
			line[draw.IntN(len(line)-1)] ^= 1 << draw.IntN(8)
			text[i] = string(line)
		case 1:
			text = append(text[:i], text[i+1:]...)
		case 2:
			for k == i {
				k = draw.IntN(40)
			}
			text[i], text[k] = text[k], text[i]
		case 3:
			text = append(text[:i:i], append([]string{text[k]}, text[i:]...)...)
		}
		if v := verifyLines(t, strings.Join(text, ""), head); !v.Broken {
			t.Errorf("seed %d, tamper %d with lines %d and %d was not found", seed, n, i, k)
		}
	}
}

// FuzzVerifyExport: what is not the export to the byte, nor one that begins with it, never passes for it.
func FuzzVerifyExport(f *testing.F) {
	all := chain(f, 3)
	good := strings.Join(lines(f, nil, all), "")
	f.Add([]byte(good))
	f.Add([]byte(good[:len(good)/2]))
	f.Add([]byte(`{"after":{"seq":3,"mac":"` + all[2].MAC.String() + `"}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := VerifyExport(bytes.NewReader(text), exportSealer, headOf(all[2]))
		if err == nil && !v.Broken && v.Verified < 3 && !bytes.HasPrefix(text, []byte(`{"after":`)) && !bytes.HasPrefix(text, []byte(`{"checkpoint":`)) {
			t.Errorf("%q passes: %+v", text, v)
		}
	})
}

func TestHeads(t *testing.T) {
	h := headOf(chain(t, 7)[6])
	if got, err := ParseHead(" " + h.String() + "\n"); err != nil || got != h {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "7", "7:", ":" + h.MAC.String(), "x:" + h.MAC.String(), "-1:" + h.MAC.String(), h.String() + "0", h.String()[:20], strings.Replace(h.String(), ":", ":g", 1)} {
		if _, err := ParseHead(text); err == nil {
			t.Errorf("%q is a head", text)
		}
	}
}

// A value is hashed together with its attribute and the key; what tells nothing of a person stays.
func TestValuesInRecords(t *testing.T) {
	record := func(s *Sealer, changes ...Change) string {
		t.Helper()
		raw, err := s.Record(Audit{Changes: changes, Message: "Ann was refused", Detail: "createUser"})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	ann := Change{Attribute: "title", Before: nil, After: "Ann", Rule: "rules.yaml:3"}
	hashed := record(exportSealer, ann)
	other := ann
	other.Attribute = "nickName"
	for _, distinct := range []string{record(exportSealer, other), record(NewSealer(false, "another key"), ann), record(exportSealer, Change{Attribute: "title", After: "ann"})} {
		if after := `"after":"hmac:`; !strings.Contains(hashed, after) || strings.Contains(distinct, hashed[strings.Index(hashed, after):strings.Index(hashed, after)+30]) {
			t.Errorf("%s has the hash of %s", distinct, hashed)
		}
	}
	if hashed != record(exportSealer, ann) || strings.Contains(hashed, "Ann") || !strings.Contains(hashed, `"rule":"rules.yaml:3"`) {
		t.Errorf("hashed: %s", hashed)
	}
	if got := record(exportSealer, Change{Attribute: "active", Before: true, After: false}); !strings.Contains(got, `"before":true,"after":false`) {
		t.Errorf("a truth is %s", got)
	}
	if got := record(nil, ann); strings.Contains(got, "Ann") || strings.Contains(got, "after") {
		t.Errorf("without a key: %s", got)
	}
	if got := record(NewSealer(true, "k"), ann); !strings.Contains(got, `"after":"Ann"`) || !strings.Contains(got, "Ann was refused") {
		t.Errorf("with values: %s", got)
	}
	if fmt.Sprint(exportSealer.KeyID()) == fmt.Sprint(NewSealer(false, "another key").KeyID()) {
		t.Error("two keys have one id")
	}
}
