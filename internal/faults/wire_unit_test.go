package faults

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
)

func encode(kind byte, body string) []byte {
	var raw []byte
	if kind != 0 {
		raw = append(raw, kind)
	}
	return append(binary.BigEndian.AppendUint32(raw, uint32(4+len(body))), body...)
}

func TestFramesAreRead(t *testing.T) {
	t.Parallel()
	wire := encode(0, "\x00\x03\x00\x00user\x00bob\x00application_name\x00pgsluice copy-in\x00\x00")
	wire = append(wire, encode(kindQuery, "COMMIT\x00")...)
	wire = append(wire, encode(kindParse, "s1\x00SELECT $1\x00\x00\x00")...)
	wire = append(wire, encode(kindDataRow, "\x00\x01\x00\x00\x00\x03abc")...)
	wire = append(wire, encode(kindError, "SFATAL\x00C53300\x00Mtoo many\x00\x00")...)
	wire = append(wire, encode(kindKeyData, "\x00\x00\x12\x34\x00\x00\x00\x01")...)
	r := bufio.NewReader(bytes.NewReader(wire))
	begin, err := readStartup(r)
	if err != nil || begin.parameter("application_name") != "pgsluice copy-in" {
		t.Fatalf("%q, %v", begin.parameter("application_name"), err)
	}
	var frames []frame
	for {
		f, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	if len(frames) != 5 {
		t.Fatalf("%d frames", len(frames))
	}
	if a, b := frames[0].sql(), frames[1].sql(); a != "COMMIT" || b != "SELECT $1" {
		t.Errorf("%q, %q", a, b)
	}
	if v := frames[2].value(); v != "abc" {
		t.Errorf("value %q", v)
	}
	if s := frames[3].sqlState(); s != "53300" {
		t.Errorf("SQLSTATE %q", s)
	}
	if pid := frames[4].pid(); pid != 0x1234 {
		t.Errorf("pid %x", pid)
	}
}

func TestHalfAFrameIsNotTheEnd(t *testing.T) {
	t.Parallel()
	whole := encode(kindQuery, "COMMIT\x00")
	for n := 1; n < len(whole); n++ {
		_, err := readFrame(bufio.NewReader(bytes.NewReader(whole[:n])))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := readFrame(bufio.NewReader(strings.NewReader("Q\xff\xff\xff\xff"))); err == nil {
		t.Error("a frame of 4 GB is taken")
	}
}

func TestAPasswordIsFoundInEachForm(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		password, "x " + percent(password) + " y", strings.ToLower(percent(password)), "703a" + "784b3971536c7569636553656372657437", "cCcgXHhLOXFTbHVpY2VTZWNyZXQ3JTQxL0A6",
	} {
		if !tells("before " + text + " after") {
			t.Errorf("not seen in %q", text)
		}
	}
	if tells("password=***** user=mover") {
		t.Error("seen where it is not")
	}
}

func TestPhasesAreTold(t *testing.T) {
	t.Parallel()
	tr := &tracker{}
	src, dst := &proxy{side: source}, &proxy{side: target}
	reader, writer, builder, main := &link{proxy: src, app: "copy-out"}, &link{proxy: dst, app: "copy-in"}, &link{proxy: dst, app: "post-data"}, &link{proxy: dst, app: "schema"}
	for i, step := range []struct {
		on   *link
		sql  string
		want phase
	}{
		{reader, "LOCK TABLE ONLY a IN ACCESS SHARE MODE", prepare},
		{main, "SELECT pg_catalog.pg_try_advisory_lock(1)", prepare},
		{main, "CREATE SCHEMA sales", schema},
		{writer, "SET statement_timeout = 0", data},
		{main, "COMMENT ON TABLE a IS 'x'", schema},
		{reader, "COPY a TO stdout", data},
		{writer, "COPY a FROM stdin", data},
		{builder, "BEGIN", indexes},
		{builder, "CREATE INDEX ON a (b)", indexes},
		{builder, "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d NOT VALID", constraints},
		{builder, "COMMIT", constraints},
		{builder, "ALTER TABLE a ADD CONSTRAINT p PRIMARY KEY USING INDEX p", indexes},
		{builder, "ANALYZE a", constraints},
		{main, "GRANT SELECT ON a TO b", finish},
	} {
		if got := tr.of(step.on, step.sql); got != step.want {
			t.Errorf("step %d, %s: %v, not %v", i, step.sql, got, step.want)
		}
	}
}
