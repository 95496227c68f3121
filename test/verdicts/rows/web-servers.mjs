// nginx and HAProxy before one dependency or two.

const web = (server, config = {}) => ({ module: "web-server", config: { server, ...config } });
const nginx = (config) => ({ needs: ["nginx"], tags: ["nginx"], service: web("nginx", config) });
const haproxy = (config) => ({ needs: ["haproxy"], tags: ["haproxy"], service: web("haproxy", config) });
const two = { others: { second: {} } };
const under = (fault, more = {}) => ({ faults: [{ name: "fault", proxy: "dependency", ...fault }], ...more });
const errors = (more) => under({ type: "error", status: 503 }, more);
const resets = (more) => under({ type: "reset" }, more);
const hangs = under({ type: "hang" }, { phases: { during: "5s", after: "1s" } });
const drips = under({ type: "slow-body", size: "1B", spacing: "80ms" }, { phases: { during: "5s", after: "1s" } });
const slow = under({ type: "latency", delay: "500ms" });
const posts = { probes: { app: { method: "POST" } } };
const flood = { faults: [], probes: { app: { load: { rate: { before: "15/s", during: "120/s", after: "15/s" } } } } };

const balance = (claims) => ({ type: "load-balance", proxies: ["dependency", "second"], probe: "app", ...claims });
const failover = (claims) => ({ type: "failover", from: "dependency", to: "second", probe: "app", ...claims });
const retries = (claims) => ({ type: "retry", proxy: "dependency", probe: "app", ...claims });
const gives = (claims) => ({ type: "timeout", proxy: "dependency", ...claims });
const bulkhead = (claims) => ({ type: "bulkhead", proxy: "dependency", probe: "app", ...claims });
const limits = (claims) => ({ type: "rate-limit", probe: "app", ...claims });

const even = { servers: ["fail_timeout=10s", "fail_timeout=10s"] };
const backed = { servers: ["fail_timeout=1s", "backup"] };
const next503 = ["proxy_next_upstream error timeout http_503;"];
const twice = { servers: ["max_fails=0", "max_fails=0"], location: next503 };
const limitReq = { http: ["limit_req_zone $server_port zone=z:1m rate=20r/s;"], location: ["limit_req zone=z burst=5 nodelay;"] };
const limitConn = { http: ["limit_conn_zone $server_port zone=c:1m;"], location: ["limit_conn c 5;"] };

const nginxes = [
  { id: "B47", ...nginx(even), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "violated", claim: "ejectsWithin", why: "nginx as it comes counts no status: what answers 503 keeps its half" },
  { id: "B47b", ...nginx(even), ...two, experiment: resets(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "held", why: "what resets connections is left for ten seconds" },
  { id: "B47c", ...nginx({ ...even, location: next503 }), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "held", why: "a 503 counts where proxy_next_upstream names it" },
  { id: "L01", ...nginx(even), ...two, experiment: resets({ phases: { during: "12s" } }), hypothesis: { type: "claim", probe: "app", phase: "during", success: ">= 99%" }, expect: "held", why: "nginx asks the other upstream: nobody sees an error" },
  { id: "L01b", ...nginx(backed), ...two, experiment: resets(), hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "held", why: "a backup takes over from what resets connections" },
  { id: "L01c", ...nginx(backed), ...two, experiment: errors(), hypothesis: failover({ share: ">= 95%" }), expect: "violated", claim: "share", why: "and not from what answers 503" },
  { id: "L01d", ...nginx({ ...backed, location: next503 }), ...two, experiment: errors(), hypothesis: failover({ within: "1s", share: ">= 95%" }), expect: "held", why: "unless proxy_next_upstream says so" },
  { id: "WR60", ...nginx({ servers: [""], location: next503 }), experiment: errors(), hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "nginx with one upstream asks it once, whatever proxy_next_upstream says" },
  { id: "WR60b", ...nginx(twice), experiment: errors(), hypothesis: retries({ attempts: "== 2" }), expect: "held", why: "named twice it is asked twice" },
  { id: "WR60c", ...nginx(twice), experiment: { ...errors(), ...posts }, hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "a POST that was sent is not sent again" },
  { id: "WR60d", ...nginx({ ...twice, location: ["proxy_next_upstream error timeout http_503 non_idempotent;"] }), experiment: { ...errors(), ...posts }, hypothesis: retries({ onlyMethods: ["GET"] }), expect: "violated", claim: "onlyMethods", why: "unless it is told that it may" },
  { id: "WT60", ...nginx({ location: ["proxy_read_timeout 500ms;"] }), experiment: hangs, hypothesis: gives({ givesUp: "400ms..650ms", closesConnection: true }), expect: "held", why: "proxy_read_timeout where no head comes" },
  { id: "WT60b", ...nginx({ location: ["proxy_read_timeout 500ms;"] }), experiment: drips, hypothesis: gives({ givesUp: "<= 650ms" }), expect: "violated", claim: "givesUp", why: "it is about the silence between two reads" },
  { id: "WS60", ...nginx({ ...limitReq, location: [...limitReq.location, "limit_req_status 429;"] }), experiment: flood, hypothesis: limits({ rejects: { answersWithin: "150ms" } }), expect: "held", why: "limit_req turns away at once" },
  { id: "WS60b", ...nginx(limitReq), experiment: flood, hypothesis: limits({ rejects: { status: 429 } }), expect: "violated", claim: "rejects.status", why: "with 503 as it comes" },
  { id: "WK60", ...nginx(limitConn), experiment: slow, hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "held", why: "limit_conn 5" },
  { id: "WK60b", ...nginx({ ...limitConn, location: ["limit_conn c 8;"] }), experiment: slow, hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "violated", claim: "maxConcurrent", why: "limit_conn 8 where five were promised" },
];

const checked = "check inter 200ms fall 2 rise 2";
const httpchk = ["option httpchk GET /items/health"];
const haproxies = [
  { id: "L03", ...haproxy({ servers: ["", "backup"] }), ...two, experiment: errors(), hypothesis: failover({ share: ">= 95%" }), expect: "violated", claim: "share", why: "HAProxy as it comes takes a 503 for an answer" },
  { id: "L03b", ...haproxy({ servers: [checked, "backup"], backend: httpchk }), ...two, experiment: errors(), hypothesis: failover({ within: "1500ms", share: ">= 90%" }), expect: "held", why: "its health checks see the 503 after two of them" },
  { id: "L03c", ...haproxy({ servers: ["check inter 1500ms fall 3", "backup"], backend: httpchk }), ...two, experiment: errors({ phases: { during: "9s" } }), hypothesis: failover({ within: "1500ms" }), expect: "violated", claim: "within", why: "three checks, 1.5 s apart" },
  { id: "L03d", ...haproxy({ servers: ["", ""], backend: ["balance roundrobin"] }), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1s" }), expect: "violated", claim: "ejectsWithin", why: "without checks nobody is ever left" },
  { id: "L03e", ...haproxy({ servers: ["check inter 10s observe layer7 error-limit 5 on-error mark-down", "check inter 10s"], backend: ["balance roundrobin"] }), ...two, experiment: errors(), hypothesis: balance({ ejectsWithin: "1500ms" }), expect: "held", why: "observe layer7 counts the 503s of real requests" },
  { id: "WR61", ...haproxy({}), experiment: errors(), hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "its three retries are for connections, not for a 503" },
  { id: "WR61b", ...haproxy({ backend: ["retry-on 503", "retries 2"] }), experiment: errors(), hypothesis: retries({ attempts: "== 3" }), expect: "held", why: "retry-on 503: two more" },
  { id: "WR61c", ...haproxy({ backend: ["retry-on 503", "retries 2"] }), experiment: errors(), hypothesis: retries({ backoff: { first: ">= 50ms" } }), expect: "violated", claim: "backoff.first", why: "and at once" },
  { id: "WT61", ...haproxy({ defaults: ["timeout server 500ms"] }), experiment: hangs, hypothesis: gives({ givesUp: "400ms..650ms", closesConnection: true }), expect: "held", why: "timeout server where no head comes" },
  { id: "WT61b", ...haproxy({ defaults: ["timeout server 500ms"] }), experiment: drips, hypothesis: gives({ givesUp: "<= 650ms" }), expect: "violated", claim: "givesUp", why: "it is about silence too" },
  { id: "WS61", ...haproxy({ frontend: ["stick-table type integer size 10 expire 10s store http_req_rate(1s)", "http-request track-sc0 int(1)", "http-request deny deny_status 429 if { sc_http_req_rate(0) gt 30 }"] }), experiment: flood, hypothesis: limits({ rejects: { answersWithin: "150ms" } }), expect: "held", why: "a stick table that counts requests a second" },
  { id: "WK61", ...haproxy({ servers: ["maxconn 5"] }), experiment: slow, hypothesis: bulkhead({ maxConcurrent: 5 }), expect: "held", why: "maxconn 5 on the server: the rest waits" },
  { id: "WK61b", ...haproxy({ servers: ["maxconn 5"] }), experiment: slow, hypothesis: bulkhead({ rejects: { answersWithin: "200ms" } }), expect: "violated", claim: "rejects.answersWithin", why: "and waits, for as long as timeout connect says" },
];

export const rows = [...nginxes, ...haproxies];
