package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// LargeObject is a large object as it is compared.
type LargeObject struct {
	Owner, ACL, Comment, Labels string
	Bytes                       int64
	SHA256                      string // of the SHA-256 of each MiB of it, in hexadecimal digits; "" if it was not read
}

func (s *Side) listLargeObjects(ctx context.Context, r *reader) error {
	rows, err := r.rows(ctx, `
SELECT m.oid, m.lomowner::pg_catalog.regrole,
       (SELECT pg_catalog.string_agg(a::text, ' ' ORDER BY a::text COLLATE pg_catalog."C") FROM pg_catalog.unnest(coalesce(m.lomacl, pg_catalog.acldefault('L', m.lomowner))) AS u (a)),
       coalesce(pg_catalog.obj_description(m.oid, 'pg_largeobject'), ''),
       coalesce((SELECT pg_catalog.string_agg(l.provider || ' ' || l.label, ', ' ORDER BY l.provider COLLATE pg_catalog."C") FROM pg_catalog.pg_seclabel l
                  WHERE l.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass AND l.objoid = m.oid AND l.objsubid = 0), '')
  FROM pg_catalog.pg_largeobject_metadata m`)
	if err != nil {
		return err
	}
	for _, f := range rows {
		s.LargeObjects[uint32(number(f[0]))] = LargeObject{Owner: f[1], ACL: f[2], Comment: f[3], Labels: f[4]}
	}
	return nil
}

const largeObjectsAtOnce = 500

// largeObjectQuery digests the content on the server: a mebibyte at a time, so that neither the size of its pages nor holes in it have
// a part in it. What is not there reads as zeros.
const largeObjectQuery = `
SELECT l.oid, l.size,
       pg_catalog.encode(pg_catalog.sha256(coalesce((SELECT pg_catalog.string_agg(pg_catalog.sha256(pg_catalog.lo_get(l.oid, o, 1048576)), ''::bytea ORDER BY o)
                                                       FROM pg_catalog.generate_series(0, l.size - 1, 1048576) AS o), '')), 'hex')
  FROM (SELECT c.oid, c.size
          FROM (SELECT f.oid, f.fd, pg_catalog.lo_lseek64(f.fd, 0, 2) AS size
                  FROM (SELECT u.oid, pg_catalog.lo_open(u.oid, 262144) AS fd FROM pg_catalog.unnest($1::oid[]) AS u (oid) OFFSET 0) AS f OFFSET 0) AS c
         WHERE pg_catalog.lo_close(c.fd) = 0 OFFSET 0) AS l`

// readLargeObjects reads those given in one question, or each alone if that fails.
func (s *Side) readLargeObjects(ctx context.Context, r *reader, oids []uint32) error {
	words := make([]string, len(oids))
	for i, oid := range oids {
		words[i] = fmt.Sprint(oid)
	}
	rows, err := r.rows(ctx, largeObjectQuery, "{"+strings.Join(words, ",")+"}")
	if err != nil && !r.unreadable(ctx, err) {
		return fmt.Errorf("large objects: %w", err)
	}
	if err != nil && len(oids) > 1 {
		for _, oid := range oids {
			if err := s.readLargeObjects(ctx, r, []uint32{oid}); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		s.unverified(fmt.Sprintf("large object %d", oids[0]), err)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range rows {
		oid := uint32(number(f[0]))
		l := s.LargeObjects[oid]
		l.Bytes, l.SHA256 = number(f[1]), f[2]
		s.LargeObjects[oid] = l
	}
	return nil
}

// otherJobs makes the reading of sequences and large objects into jobs.
func (s *Side) otherJobs() []job {
	var jobs []job
	for names := range slices.Chunk(slices.Sorted(maps.Keys(s.Sequences)), sequencesAtOnce) {
		jobs = append(jobs, job{run: func(ctx context.Context, r *reader) error { return s.readSequences(ctx, r, names) }})
	}
	for oids := range slices.Chunk(slices.Sorted(maps.Keys(s.LargeObjects)), largeObjectsAtOnce) {
		jobs = append(jobs, job{run: func(ctx context.Context, r *reader) error { return s.readLargeObjects(ctx, r, oids) }})
	}
	return jobs
}
