#!/usr/bin/python3
"""Lands every stream of a Mycogate gateway in PostgreSQL, each record once (docs/extend/pull.md)."""
import argparse, gzip, json, sys, time, urllib.error, urllib.request
import psycopg2

START = """
SELECT pg_advisory_lock(7100, hashtext(%s));
CREATE TABLE IF NOT EXISTS mycogate_record (id text PRIMARY KEY, gateway text NOT NULL, stream text NOT NULL,
    device text, time timestamptz NOT NULL, body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS mycogate_gap (gateway text, epoch text, stream text, first bigint, last bigint, count bigint,
    reason text, PRIMARY KEY (gateway, epoch, stream, first));
CREATE TABLE IF NOT EXISTS mycogate_cursor (gateway text, stream text, epoch text NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (gateway, stream))"""
CURSOR = """INSERT INTO mycogate_cursor VALUES (%s, %s, %s, %s)
    ON CONFLICT (gateway, stream) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq"""
RECORD = """INSERT INTO mycogate_record VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO UPDATE SET time = excluded.time, body = excluded.body"""
GAP = "INSERT INTO mycogate_gap VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
CORRECTION = """UPDATE mycogate_record SET time = to_timestamp(((body->>'mono_ms')::bigint + %s) / 1000.0)
    WHERE gateway = %s AND body->>'boot' = %s AND body->>'time_trusted' = 'false'"""


def request(path, body=None):
    headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
    if options.token_file:
        headers["Authorization"] = "Bearer " + open(options.token_file).read().strip()
    asked = urllib.request.Request(options.url + path, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        content = answer.read()
        return answer.headers, gzip.decompress(content) if answer.headers["Content-Encoding"] == "gzip" else content


def pull(database, gateway, stream, acknowledged):
    """Lands one page and the cursor in one transaction, then acknowledges what is not yet. True if there is more."""
    with database, database.cursor() as sql:
        sql.execute("SELECT epoch, seq FROM mycogate_cursor WHERE gateway = %s AND stream = %s", (gateway, stream))
        epoch, seq = sql.fetchone() or ("", 0)
        try:
            headers, lines = request(f"/api/v1/sync/{stream}?after={seq}" + (f"&epoch={epoch}" if epoch else ""))
            epoch, seq, more = headers["Mycogate-Epoch"], headers["Mycogate-Next"], headers["Mycogate-More"] == "true"
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            # The gateway's store was replaced: take what it has from the start. What is known already keeps its id.
            answer, lines, more = json.load(error), b"", True
            epoch, seq = answer["epoch"], answer["first_seq"] - 1
        for line in map(json.loads, lines.splitlines()):
            if gap := line.get("gap"):
                sql.execute(GAP, (gateway, epoch, stream, gap["from"], gap["to"], gap["count"], gap["reason"]))
                continue
            moment = line.get("time") or line["received"]
            sql.execute(RECORD, (line["id"], gateway, stream, line["device"], moment, json.dumps(line)))
            if line.get("kind") == "clock_correction":
                sql.execute(CORRECTION, (line["body"]["offset_ms"], gateway, line["body"]["boot"]))
        sql.execute(CURSOR, (gateway, stream, epoch, seq))
    if acknowledged.get(stream) != (epoch, seq):
        request(f"/api/v1/sync/{stream}/ack", {"consumer": options.consumer, "epoch": epoch, "seq": int(seq)})
        acknowledged[stream] = epoch, seq
    return more


def pull_all():
    gateway, acknowledged = json.loads(request("/api/v1/sync")[1])["gateway_id"], {}
    database = psycopg2.connect(options.database)
    with database, database.cursor() as sql:
        sql.execute(START, (gateway,))
    while True:
        streams = "readings", "events", "logs", "audit", "tasks"
        if not any([pull(database, gateway, stream, acknowledged) for stream in streams]):
            if options.once:
                return
            time.sleep(1)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("database", help="what psycopg2.connect takes")
parser.add_argument("url", help="http://HOST:8003")
parser.add_argument("--consumer", default="central", help="the name under which the gateway knows how far we are")
parser.add_argument("--token-file", help="holds a token with the scope sync:pull")
parser.add_argument("--once", action="store_true", help="end when there is no more, or at the first error")
options = parser.parse_args()
while True:
    try:
        sys.exit(pull_all())
    except (OSError, ValueError, psycopg2.Error) as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        if options.once:
            sys.exit(1)
        time.sleep(5)
