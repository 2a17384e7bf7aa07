-- Run by pull_to_postgresql.py at each start: one puller of a gateway at a time, the tables, and where to begin.
SELECT pg_advisory_lock(7100, hashtext(%(gateway_id)s));
CREATE TABLE IF NOT EXISTS mycogate_record (
    id text PRIMARY KEY, gateway text NOT NULL, stream text NOT NULL, device text, time timestamptz NOT NULL,
    body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS mycogate_gap (
    gateway text, epoch text, stream text, first bigint, last bigint, count bigint, reason text,
    PRIMARY KEY (gateway, epoch, stream, first));
CREATE TABLE IF NOT EXISTS mycogate_cursor (
    gateway text, stream text, epoch text NOT NULL, seq bigint NOT NULL, PRIMARY KEY (gateway, stream));
INSERT INTO mycogate_cursor SELECT %(gateway_id)s, unnest(%(streams)s), %(epoch)s, 0 ON CONFLICT DO NOTHING;
