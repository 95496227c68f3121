# The service of client.mjs with libraries of Python, a thread per request: /orders/ID calls /items/ID with the same method and answers 200, or 502 when that failed, 503 when a breaker refused.
# CONFIG: { client: { by: requests | urllib3, timeoutS, retry: {…} }, around: { by: tenacity | pybreaker | future, … } }
import json
import os
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

config = json.loads(os.environ.get("CONFIG", "{}"))
upstream = os.environ["UPSTREAM_URL"]


def requests_client(timeoutS=None, retry=None):
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.trust_env = False
    adapter = {"pool_maxsize": 200} if retry is None else {"pool_maxsize": 200, "max_retries": retry}
    session.mount("http://", HTTPAdapter(**adapter))

    def call(method, path, headers, body):
        answer = session.request(method, upstream + path, headers=headers, data=body, timeout=timeoutS)
        answer.raise_for_status()
        return answer.text

    return call


def urllib3_client(timeoutS=None, retry=None):
    import urllib3

    options = {} if retry is None else {"retries": urllib3.Retry(**retry)}
    pool = urllib3.PoolManager(maxsize=200, timeout=timeoutS, **options)

    def call(method, path, headers, body):
        answer = pool.request(method, upstream + path, headers=headers, body=body)
        if answer.status >= 400:
            raise RuntimeError(f"the dependency answered {answer.status}")
        return answer.data.decode()

    return call


def tenacity_around(call, attempts=None, wait=None, fixed=None, **options):
    import tenacity

    policy = {} if attempts is None else {"stop": tenacity.stop_after_attempt(attempts)}
    if fixed is not None:
        policy["wait"] = tenacity.wait_fixed(fixed)
    elif wait is not None:
        policy["wait"] = getattr(tenacity, wait)(**options)
    return tenacity.retry(**policy)(call)


def pybreaker_around(call, **options):
    import pybreaker

    breaker = pybreaker.CircuitBreaker(**options)
    return lambda *what: breaker.call(call, *what)


def future_around(call, timeoutS):
    pool = ThreadPoolExecutor(max_workers=400)
    return lambda *what: pool.submit(call, *what).result(timeout=timeoutS)


def built():
    client = dict(config.get("client", {"by": "requests"}))
    call = {"requests": requests_client, "urllib3": urllib3_client}[client.pop("by")](**client)
    around = dict(config.get("around", {}))
    by = around.pop("by", None)
    return call if by is None else {"tenacity": tenacity_around, "pybreaker": pybreaker_around, "future": future_around}[by](call, **around)


call = built()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/health":
            return self.send(200, {"status": "alive"})
        headers = {"traceparent": self.headers["traceparent"]} if "traceparent" in self.headers else {}
        try:
            call(self.command, "/items/" + self.path.rsplit("/", 1)[-1], headers, body or None)
            return self.send(200, {"status": "ok"})
        except Exception as error:
            return self.send(503 if type(error).__name__ == "CircuitBreakerError" else 502, {"error": str(error)})

    do_GET = do_POST = handle_any

    def send(self, status, body):
        text = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
