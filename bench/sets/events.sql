-- JSON with a GIN index over all of its keys and values, a million events at bench.scale 1.
CREATE TABLE events (id bigint, at timestamptz NOT NULL, kind text NOT NULL, payload jsonb NOT NULL);
INSERT INTO events
SELECT i, timestamptz '2025-01-01 00:00+00' + i * interval '7 seconds', (ARRAY['click', 'view', 'purchase', 'login', 'logout'])[1 + i % 5],
       jsonb_build_object('user', i * 7919 % 90000, 'session', left(md5((i / 9)::text), 16), 'path', '/' || words(i % 5000, 12),
              'device', jsonb_build_object('os', (ARRAY['linux', 'mac', 'windows', 'android'])[1 + i % 4], 'width', 320 + i * 16 % 1600),
              'tags', jsonb_build_array('t' || i % 40, 't' || i % 700), 'ms', i * 31 % 4000, 'text', words(i, 10 + i % 90))
  FROM rows(1000000) AS i;
ALTER TABLE events ADD PRIMARY KEY (id);
CREATE INDEX ON events (kind, at);
CREATE INDEX ON events USING gin (payload);
