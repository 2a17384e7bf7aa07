#!/usr/bin/python3
"""Lands every stream of a Mycogate gateway in PostgreSQL, each record once (docs/extend/pull.md)."""
import argparse, gzip, json, pathlib, psycopg2, time, urllib.error, urllib.request

RECORD = """INSERT INTO mycogate_record VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (id) DO UPDATE SET time = excluded.time, body = excluded.body"""
CORRECTION = """UPDATE mycogate_record SET time = to_timestamp(((body->>'mono_ms')::bigint + %s) / 1000.0)
    WHERE gateway = %s AND body->>'boot' = %s AND body->>'time_trusted' = 'false'"""
GAP = "INSERT INTO mycogate_gap VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
CURSOR = "UPDATE mycogate_cursor SET epoch = %s, seq = %s WHERE gateway = %s AND stream = %s"


def request(path, body=None):
    headers = {"Accept-Encoding": "gzip", "Authorization": "Bearer " + token, "Content-Type": "application/json"}
    asked = urllib.request.Request(options.url + path, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        content = answer.read()
    return answer.headers, gzip.decompress(content) if answer.headers["Content-Encoding"] == "gzip" else content


def pull(stream):
    """Lands one page and the cursor in one transaction, then acknowledges it. True if there is more."""
    with database, database.cursor() as sql:
        sql.execute("SELECT epoch, seq FROM mycogate_cursor WHERE gateway = %s AND stream = %s", (gateway, stream))
        epoch, seq = sql.fetchone()
        try:
            headers, lines = request(f"/api/v1/sync/{stream}?after={seq}&epoch={epoch}")
            seq, more = int(headers["Mycogate-Next"]), headers["Mycogate-More"] == "true"
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            # The gateway's store was replaced: take what it has from the start. What is known already keeps its id.
            answer, lines, more = json.load(error), b"", True
            epoch, seq = answer["epoch"], answer["first_seq"] - 1
        for line in map(json.loads, lines.splitlines()):
            if gap := line.get("gap"):
                sql.execute(GAP, (gateway, epoch, stream, gap["from"], gap["to"], gap["count"], gap["reason"]))
            else:
                moment = line.get("time") or line["received"]
                sql.execute(RECORD, (line["id"], gateway, stream, line["device"], moment, json.dumps(line)))
            if line.get("kind") == "clock_correction":
                sql.execute(CORRECTION, (line["body"]["offset_ms"], gateway, line["body"]["boot"]))
        sql.execute(CURSOR, (epoch, seq, gateway, stream))
    request(f"/api/v1/sync/{stream}/ack", {"consumer": options.consumer, "epoch": epoch, "seq": seq})
    return more


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("database", help="what psycopg2.connect takes")
parser.add_argument("url", help="http://HOST:8003")
parser.add_argument("--consumer", default="central", help="the name under which the gateway knows how far we are")
parser.add_argument("--token-file", required=True, help="holds a token with the scope sync:pull")
parser.add_argument("--once", action="store_true", help="end when there is no more")
options = parser.parse_args()
token = pathlib.Path(options.token_file).read_text().strip()
state, database = json.loads(request("/api/v1/sync")[1]), psycopg2.connect(options.database)
gateway, streams = state["gateway_id"], [stream["name"] for stream in state["streams"]]
database.cursor().execute(pathlib.Path(__file__).with_suffix(".sql").read_text(), {**state, "streams": streams})
while (more := any([pull(stream) for stream in streams])) or not options.once:
    time.sleep(0 if more else 1)
