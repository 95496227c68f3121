"""One whole round with toxiproxy-python: what it saw, as JSON lines.

round.py API_PORT ECHO_PORT ROWS: toxics to try, as JSON: [{ type, stream, attributes, send, till }]
"""
import json
import socket
import sys
import time

from toxiproxy import Proxy, Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

API, ECHO, ROWS = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
PATIENCE = 5


def say(step, **facts):
    print(json.dumps({"step": step, **facts}), flush=True)


def since(start):
    return round((time.monotonic() - start) * 1000, 1)


def dial(proxy):
    return socket.create_connection(("127.0.0.1", int(proxy.listen.rsplit(":", 1)[1])), PATIENCE)


def exchange_on(connection, size, till):
    """What is sent ends in a line's end if the echo is to end the connection."""
    sent = (b"abcdefg" * (size // 7 + 1))[:size]
    if till == "end":
        sent = sent[:-1] + b"\n"
    start = time.monotonic()
    got, ending = b"", "open"
    try:
        connection.sendall(sent)
        while till == "end" or len(got) < size:
            connection.settimeout(max(start + PATIENCE - time.monotonic(), 0.001))
            chunk = connection.recv(65536)
            if not chunk:
                ending = "eof"
                break
            got += chunk
    except (ConnectionResetError, BrokenPipeError):
        ending = "reset"
    except TimeoutError:
        ending = "silence"
    return {"bytes": len(got), "intact": sent.startswith(got), "end": ending, "tookMs": since(start)}


def exchange(proxy, size=5, till="echo"):
    with dial(proxy) as connection:
        return exchange_on(connection, size, till)


def connect(proxy):
    try:
        dial(proxy).close()
        return "accepted"
    except ConnectionRefusedError:
        return "refused"


def error_of(action):
    try:
        action()
        return "none"
    except (ProxyExists, NotFound, InvalidToxic) as error:
        text = error.args[0]
        return "%s: %s" % (type(error).__name__, (text.decode() if isinstance(text, bytes) else text).strip())


def facts_of(toxic):
    return {"name": toxic.name, "stream": toxic.stream, "toxicity": toxic.toxicity, "attributes": toxic.attributes}


def add(proxy, row, **more):
    proxy.add_toxic(type=row["type"], stream=row["stream"], attributes=row["attributes"], **more)
    return proxy.get_toxic("%s_%s" % (row["type"], row["stream"]))


server = Toxiproxy()
server.update_api_consumer("127.0.0.1", API)
upstream = "127.0.0.1:%d" % ECHO

say("version", version=json.loads(server.version())["version"])
proxy = server.create(name="round", upstream=upstream)
say("created", name=proxy.name, host=proxy.listen.rsplit(":", 1)[0], **exchange(proxy))
say("listed", names=list(server.proxies()))
found = server.get_proxy("round")
say("found", enabled=found.enabled, asGiven=found.upstream == upstream and found.listen == proxy.listen)
say("duplicate", error=error_of(lambda: server.create(name="round", upstream=upstream)))
say("unknown proxy", error=error_of(Proxy(name="nobody", upstream=upstream, enabled=True, listen="").toxics))
say("unknown toxic", error=error_of(lambda: proxy.destroy_toxic("nobody")))
say("invalid type", error=error_of(lambda: proxy.add_toxic(type="walrus")))
say("invalid stream", error=error_of(lambda: proxy.add_toxic(type="latency", stream="sideways")))

with proxy.down():
    say("disabled", enabled=server.get_proxy("round").enabled, connect=connect(proxy))
say("enabled", enabled=server.get_proxy("round").enabled, **exchange(proxy))

for row in ROWS:
    added = []
    error = error_of(lambda: added.append(add(proxy, row)))
    if not added:
        say(row["type"] + " added", error=error)
        continue
    say(row["type"] + " added", **facts_of(added[0]), **exchange(proxy, row["send"], row["till"]))
    proxy.destroy_toxic(added[0].name)
    say(row["type"] + " removed", toxics=len(proxy.toxics()), **exchange(proxy, row["send"], row["till"]))

row = {"type": "latency", "stream": "upstream", "attributes": {"latency": 400}}
say("toxicity 0", **facts_of(add(proxy, row, toxicity=0)), **exchange(proxy))
proxy.destroy_toxic("latency_upstream")

live = dial(proxy)
before = exchange_on(live, 5, "echo")
add(proxy, row)
during = exchange_on(live, 5, "echo")
proxy.destroy_toxic("latency_upstream")
after = exchange_on(live, 5, "echo")
add(proxy, {"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}})
proxy.destroy_toxic("timeout_upstream")
start = time.monotonic()
live.settimeout(PATIENCE)
ending = "open" if live.recv(1) else "eof"
say("live", beforeMs=before["tookMs"], withMs=during["tookMs"], afterMs=after["tookMs"], end=ending, endMs=since(start))

proxy.disable()
add(proxy, row)
server.reset()
say("reset", enabled=server.get_proxy("round").enabled, toxics=len(proxy.toxics()), **exchange(proxy))

populated = server.populate([{"name": name, "upstream": upstream} for name in ("round-a", "round-b")])
say("populated", names=[one.name for one in populated], all=list(server.proxies()), bytes=[exchange(one)["bytes"] for one in populated])
for one in [*populated, proxy]:
    one.destroy()
say("deleted", names=list(server.proxies()), connect=connect(proxy))
