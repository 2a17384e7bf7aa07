#!/usr/bin/python3
"""Lands every stream of a Mycogate gateway in PostgreSQL, each record once (docs/extend/pull.md).

    pull_to_postgresql.py 'dbname=mycogate' http://192.0.2.7:8003 [--token-file FILE] [--once]
"""
import argparse, gzip, json, sys, time, urllib.error, urllib.request

import psycopg2

TABLES = """
SELECT pg_advisory_xact_lock(7100);
CREATE TABLE IF NOT EXISTS mycogate_record (id text PRIMARY KEY, gateway text NOT NULL, stream text NOT NULL,
    device text, time timestamptz NOT NULL, body jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS mycogate_gap (gateway text, epoch text, stream text, first bigint, last bigint, count bigint,
    reason text, PRIMARY KEY (gateway, epoch, stream, first));
CREATE TABLE IF NOT EXISTS mycogate_cursor (gateway text, stream text, epoch text NOT NULL, seq bigint NOT NULL,
    PRIMARY KEY (gateway, stream));
"""
RECORD = """INSERT INTO mycogate_record VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO UPDATE SET time = excluded.time, body = excluded.body"""
GAP = "INSERT INTO mycogate_gap VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
CURSOR = "UPDATE mycogate_cursor SET epoch = %s, seq = %s WHERE gateway = %s AND stream = %s AND epoch = %s AND seq = %s"
CORRECTION = """UPDATE mycogate_record SET time = to_timestamp(((body->>'mono_ms')::bigint + %s) / 1000.0)
    WHERE gateway = %s AND body->>'boot' = %s AND body->>'time_trusted' = 'false'"""


def request(path, body=None):
    headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json"}
    if options.token_file:
        headers["Authorization"] = "Bearer " + open(options.token_file).read().strip()
    data = body and json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(options.url + path, data, headers), timeout=60) as answer:
        content = answer.read()
        return answer.headers, gzip.decompress(content) if answer.headers["Content-Encoding"] == "gzip" else content


def pull(database, gateway, stream, wait):
    """Lands one page and the cursor in one transaction, then acknowledges what is not yet. True if there is more."""
    with database, database.cursor() as sql:
        sql.execute("INSERT INTO mycogate_cursor VALUES (%s, %s, '', 0) ON CONFLICT DO NOTHING", (gateway, stream))
        sql.execute("SELECT epoch, seq FROM mycogate_cursor WHERE gateway = %s AND stream = %s", (gateway, stream))
        epoch, seq = sql.fetchone()
    path = f"/api/v1/sync/{stream}"
    try:
        headers, lines = request(f"{path}?after={seq}&wait={wait}" + (f"&epoch={epoch}" if epoch else ""))
        now, after, more = headers["Mycogate-Epoch"], int(headers["Mycogate-Next"]), headers["Mycogate-More"] == "true"
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        # The gateway's store was replaced: take what it has from the start. What is known already keeps its id.
        answer, lines, more = json.load(error), b"", True
        now, after = answer["epoch"], answer["first_seq"] - 1
    with database, database.cursor() as sql:
        sql.execute(CURSOR, (now, after, gateway, stream, epoch, seq))
        if sql.rowcount != 1:
            raise ValueError("another puller has moved the cursor")
        for line in map(json.loads, lines.splitlines()):
            if gap := line.get("gap"):
                sql.execute(GAP, (gateway, now, stream, gap["from"], gap["to"], gap["count"], gap["reason"]))
                continue
            moment = line.get("time") or line["received"]
            sql.execute(RECORD, (line["id"], gateway, stream, line["device"], moment, json.dumps(line)))
            if line.get("kind") == "clock_correction":
                sql.execute(CORRECTION, (line["body"]["offset_ms"], gateway, line["body"]["boot"]))
    if acknowledged.get(stream) != (now, after):
        request(path + "/ack", {"consumer": options.consumer, "epoch": now, "seq": after})
        acknowledged[stream] = now, after
    return more


def pull_all():
    gateway = json.loads(request("/api/v1/sync")[1])["gateway_id"]
    database = psycopg2.connect(options.database)
    with database, database.cursor() as sql:
        sql.execute(TABLES)
    wait = 0
    while True:
        more = [pull(database, gateway, "readings", wait)]
        more += [pull(database, gateway, stream, 0) for stream in ("events", "logs", "audit", "tasks")]
        if options.once and not any(more):
            return
        wait = 0 if any(more) or options.once else 5


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("database", help="what psycopg2.connect takes")
parser.add_argument("url", help="http://HOST:8003")
parser.add_argument("--consumer", default="central", help="the name under which the gateway knows how far we are")
parser.add_argument("--token-file", help="holds a token with the scope sync:pull")
parser.add_argument("--once", action="store_true", help="end when there is no more, or at the first error")
options = parser.parse_args()
acknowledged = {}
while True:
    try:
        sys.exit(pull_all())
    except (OSError, ValueError, psycopg2.Error) as error:
        print(f"{options.url}: {error}", file=sys.stderr)
        if options.once:
            sys.exit(1)
        time.sleep(5)
