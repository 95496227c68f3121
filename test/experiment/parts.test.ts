import { describe, expect, test } from "vitest";
import type { Probe, Proxy, Service } from "../../src/model/experiment.ts";
import { listenersOf } from "../../src/experiment/listeners.ts";
import { experimentOf, issueOf, read, textWith } from "./minimal.ts";

describe("a service", () => {
  const text = (given: string): string => textWith({ services: `services:\n  checkout: { port: auto, env: { U: "\${proxies.payments.url}" }, ${given} }` });
  const service = (given: string): Service | undefined => experimentOf(text(given)).services[0];

  test.each([
    ["command: [node, a b.mjs]", { command: ["node", "a b.mjs"], shell: false }],
    ["command: node 'a b.mjs'", { command: ["node", "a b.mjs"], shell: false }],
    ["command: a | b, shell: true", { command: ["a | b"], shell: true }],
    ["command: a, replicas: 3, cwd: x, stopWithin: 1s", { replicas: 3, cwd: "x", stopWithinMs: 1000 }],
    ["command: a, ready: { log: listening }", { ready: { kind: "log", target: "listening", withinMs: 10_000 } }],
    ["command: a, ready: { tcp: 127.0.0.1:1, within: 1s }", { ready: { kind: "tcp", target: "127.0.0.1:1", withinMs: 1000 } }],
  ])("with %s", (given, part) => {
    expect(service(given)).toMatchObject(part);
  });

  test("with a port, and no word on how to tell that it is ready, is ready when it accepts connections there", () => {
    expect(service("command: a")?.ready).toEqual({ kind: "tcp", target: "127.0.0.1:${services.checkout.port}", withinMs: 10_000 });
  });

  test("without a port, and no word on how to tell that it is ready, is ready when it is started", () => {
    const { services: [, worker] } = experimentOf(textWith({ services: 'services:\n  checkout: { command: a, port: auto, env: { U: "${proxies.payments.url}" } }\n  worker: { command: b }' }));
    expect(worker).toMatchObject({ name: "worker" });
    expect(worker?.ready).toBeUndefined();
  });

  test.each([
    ["egress: out", { proxy: "out", except: [] }],
    ["egress: { proxy: out, except: [localhost, .internal] }", { proxy: "out", except: ["localhost", ".internal"] }],
  ])("with %s calls out through that proxy, which knows it by a listener of its own", (given, egress) => {
    const experiment = experimentOf(textWith({ services: `services:\n  checkout: { command: a, port: auto, replicas: 2, ${given} }`, proxies: "proxies:\n  out: { upstream: forward }" }));
    expect(experiment.services[0]?.egress).toEqual(egress);
    expect(listenersOf(experiment)).toEqual(["default", "checkout", "checkout#2"].map((caller) => ({ proxy: "out", caller })));
  });

  test.each([
    ["egress: payment", /there is no proxy "payment"/, "payments"],
    ["egress: payments", /expected a proxy in forward mode, and payments passes everything on to http:\/\/127/, "upstream: forward"],
    ["egress: local", /expected a proxy that listens on host and port as egress/, "leave listen out"],
    ["egress: { proxy: out, except: ['a,b'] }", /a host without blanks and commas/, ""],
    ["egress: { through: out }", /proxy is missing: the forward proxy/, ""],
  ])("with %s is refused", (given, message, hint) => {
    const issue = read(textWith({
      services: `services:\n  checkout: { command: a, port: auto, env: { U: "\${proxies.payments.url}" }, ${given} }`,
      proxies: "proxies:\n  payments: { upstream: http://127.0.0.1:8080 }\n  out: { upstream: forward, listen: 127.0.0.1:9 }\n  local: { upstream: forward, listen: unix:/tmp/a, callers: 1 }",
    })).issues[0];
    expect(issue?.message).toMatch(message);
    expect(issue?.hint ?? "").toContain(hint);
  });

  test("has texts only in its environment", () => {
    const { services: [given] } = experimentOf(textWith({ services: 'services:\n  checkout: { command: a, port: auto, env: { A: 1, B: true, C: "${proxies.payments.port}" } }' }));
    expect(given?.env).toEqual({ A: "1", B: "true", C: "${proxies.payments.port}" });
  });

  test.each([
    ["command: a 'b", /command: the ' at character 3 is not closed/],
    ["command: [a, b], shell: true", /shell: true takes the command as one text/],
    ["command: a, ready: { http: x, log: y }", /expected one of http, tcp, log, got http and log/],
    ["command: a, ready: {}", /got none/],
    ["command: a, replicas: 0", /at least 1, got 0/],
    ["shell: true", /command is missing/],
  ])("with %s is refused", (given, message) => {
    expect(issueOf(text(given)).message).toMatch(message);
  });

  test("with replicas has no fixed port", () => {
    expect(issueOf(textWith({ services: 'services:\n  checkout: { command: "x ${proxies.payments.url}", port: 80, replicas: 2 }' })).message).toBe("port: expected port: auto with 2 replicas, got 80");
  });
});

describe("a proxy", () => {
  const text = (given: string): string => textWith({ proxies: `proxies:\n  payments: { ${given} }` });
  const proxy = (given: string): Proxy | undefined => experimentOf(text(given)).proxies[0];

  test.each([
    ["upstream: http://payments", "http1"],
    ["upstream: HTTP://payments:80/", "http1"],
    ['upstream: "${services.checkout.url}"', "http1"],
    ['upstream: "http://${services.checkout.host}:${services.checkout.port}"', "http1"],
    ['upstream: "tcp://${services.checkout.host}:${services.checkout.port}"', "tcp"],
    ["upstream: 'tcp://[::1]:5432'", "tcp"],
    ["upstream: https://payments", "http1"],
    ["upstream: 'https://[::1]:8443'", "http1"],
    ['upstream: "https://${services.checkout.host}:${services.checkout.port}"', "http1"],
    ["upstream: tls://payments:5432", "tcp"],
    ["upstream: unix:/run/payments.sock", "tcp"],
    ["upstream: unix:///run/payments.sock", "tcp"],
    ["upstream: http+unix:payments.sock", "http1"],
  ])("to %s is served by the lane %s", (given, lane) => {
    expect(proxy(given)?.lane).toBe(lane);
  });

  test.each([
    ["upstream: forward", {}],
    ["upstream: forward, hosts: []", { hosts: [] }],
    ["upstream: forward, hosts: '*.internal'", { hosts: ["*.internal"] }],
    ['upstream: forward, hosts: [api.stripe.com, 127.0.0.1:9000, "[::1]:80", "http://a.test/", "${services.checkout.url}", "127.0.0.1:${services.checkout.port}"]', { hosts: ["api.stripe.com", "127.0.0.1:9000", "[::1]:80", "http://a.test/", "${services.checkout.url}", "127.0.0.1:${services.checkout.port}"] }],
  ])("with %s goes where its callers say", (given, forward) => {
    expect(proxy(given)).toMatchObject({ upstream: "forward", forward, lane: "http1", host: "keep" });
    expect(proxy("upstream: http://a")?.forward).toBeUndefined();
  });

  const edge = (given: string): string => textWith({
    services: "services:\n  checkout: { command: a, port: auto, egress: out }",
    proxies: `proxies:\n  out: { upstream: forward, hosts: [] }\n  other: { upstream: http://127.0.0.1:1, listen: ':1' }\n  payments: { ${given} }`,
  });

  test("that is reached through a forward proxy has no listener of its own", () => {
    const experiment = experimentOf(edge('upstream: "http://pay.localhost:${services.checkout.port}", through: out'));
    expect(experiment.proxies[2]).toMatchObject({ name: "payments", through: "out", lane: "http1" });
    expect(listenersOf(experiment).map(({ proxy, caller }) => `${proxy} ${caller}`)).toEqual(["out default", "out checkout", "other default"]);
    expect(read(edge("upstream: https://api.test, through: out")).issues).toEqual([]);
  });

  test.each([
    ["upstream: tcp://a:1, through: out", /upstream: expected http:\/\/host:port or https:\/\/host:port with through, as callers name it to out/],
    ["upstream: forward, through: out", /upstream: expected http:/],
    ["upstream: http://a, through: out, listen: ':8080'", /listen does not go with through: it is out that is called/],
    ["upstream: http://a, through: out, tls: generated", /tls does not go with through/],
    ["upstream: https://a, through: out, upstreamTls: { insecure: true }", /upstreamTls does not go with through/],
    ["upstream: http://a, through: nobody", /there is no proxy "nobody"/],
    ["upstream: http://a, through: other", /expected a proxy in forward mode, and other passes everything on to http/],
    ["upstream: http://a, through: payments", /expected a proxy in forward mode, and payments/],
    ["upstream: http://a, through: out }\n  again: { upstream: http://a, through: out", /two edges go through out to http:\/\/a/],
  ])("with %s is refused", (given, message) => {
    expect(issueOf(edge(given)).message).toMatch(message);
  });

  test("that is reached through a forward proxy has no address to hand over", () => {
    const text = edge("upstream: http://a, through: out").replace("command: a,", 'command: "a ${proxies.payments.url}",');
    expect(issueOf(text)).toMatchObject({ code: "undefined-reference", hint: "it is reached through a forward proxy: callers name its upstream" });
    expect(issueOf(edge("upstream: http://a, through: out").replace("egress: out", "egress: payments")).hint).toBe("payments is reached through out: write out");
  });

  test.each([
    ["upstream: forward, hosts: [http://a/b]", /expected a host such as api\.example\.com/],
    ["upstream: forward, hosts: ['a b']", /expected a host such as/],
    ['upstream: forward, hosts: ["${services.checkout.nothing}"]', /there is no "nothing"/],
    ["upstream: http://a, hosts: [a]", /hosts: expected upstream: forward with hosts, got "http:\/\/a"/],
    ["upstream: forward, host: upstream", /host: expected no host: upstream with upstream: forward/],
    ["upstream: forward, upstreamTls: { insecure: true }", /upstreamTls/],
    ["upstream: forwards", /or forward, when its callers name the host/],
    ["upstream: grpc://payments", /expected a port, as in "grpc:/],
    ["upstream: grpx://payments:1", /unknown scheme grpx:/],
    ["upstream: ftp://payments", /unknown scheme ftp:\/\//],
    ["upstream: payments:80", /write what it speaks, http:\/\/, https:\/\/, grpc:\/\/, grpcs:\/\/, h2c:\/\/, h2:\/\/, tcp:\/\/, tls:\/\/ or unix:/],
    ['upstream: "${services.checkout.host}:80"', /write what it speaks/],
    ["upstream: http://payments/v1", /without a path, got "\/v1"/],
    ["upstream: 'http://'", /expected a host after the scheme/],
    ["upstream: tcp://payments", /expected a port/],
    ["upstream: tls://payments", /expected a port/],
    ["upstream: 'http+unix://%2Frun%2Fpayments.sock/'", /expected the path of the socket as it is, like "unix:\/run\/payments\.sock" or "http\+unix:/],
    ["upstream: unix://run/payments.sock", /expected the path of the socket as it is/],
    ["upstream: http://a, listen: 'unix://run/payments.sock'", /expected host:port .* or unix: with a path like/],
    ["upstream: http://a, upstreamTls: { insecure: true }", /expected an https:\/\/, grpcs:\/\/, h2:\/\/ or tls:\/\/ upstream with upstreamTls, got "http:\/\/a"/],
    ["upstream: https://a, upstreamTls: { cert: a.pem }", /expected cert and key together, key is missing/],
    ["upstream: http://a, tls: self-signed", /^tls: expected "generated" or a map of keys and values, got "self-signed"$/],
    ["upstream: http://a, tls: { cert: a.pem }", /tls: expected cert and key together, key is missing/],
    ["upstream: http://a, tls: { ca: a.pem }", /tls: expected ca and caKey together, caKey is missing/],
    ["upstream: http://a, tls: { cert: a.pem, key: k.pem, names: [a] }", /tls: expected cert and key alone/],
    ["upstream: http://a, tls: { certificate: a.pem }", /unknown key "certificate"/],
    ["upstream: http://a, listen: 127.0.0.1", /expected host:port like "127\.0\.0\.1:0"/],
    ["upstream: http://a, listen: '127.0.0.1:70000'", /host:port/],
    ["upstream: http://a, correlate: { path: /orders }", /a path with \{\} where the id stands/],
    ["upstream: http://a, correlate: tracing", /correlate: /],
  ])("with %s is refused", (given, message) => {
    expect(issueOf(text(given)).message).toMatch(message);
  });

  test.each([
    ["correlate: serial", { by: "serial" }],
    ["correlate: { header: X-Order }", { by: "header", header: "x-order" }],
    ["correlate: { json: /order }", { by: "json", path: "/order" }],
    ["correlate: { path: '/orders/{}' }", { by: "path", template: "/orders/{}" }],
  ])("finds requests by %s", (given, correlate) => {
    expect(proxy(`upstream: http://a, ${given}`)?.correlate).toEqual(correlate);
  });

  test.each([
    ["http://a", undefined, "keep"],
    ["https://a", { insecure: false }, "upstream"],
    ["https://a, host: keep, upstreamTls: { ca: ca.pem, servername: b, cert: c.pem, key: k.pem }", { ca: "ca.pem", servername: "b", insecure: false, identity: { cert: "c.pem", key: "k.pem" } }, "keep"],
  ])("to %s speaks TLS as told, and by default with upstream's own Host", (upstream, upstreamTls, host) => {
    expect(proxy(`upstream: ${upstream}`)).toMatchObject({ ...(upstreamTls === undefined ? {} : { upstreamTls }), host });
    expect(proxy(`upstream: ${upstream}`)?.upstreamTls).toEqual(upstreamTls);
  });

  test.each([
    ["generated", { kind: "generated", names: [] }],
    ["{ names: [payments.test] }", { kind: "generated", names: ["payments.test"] }],
    ["{ cert: c.pem, key: k.pem }", { kind: "own", identity: { cert: "c.pem", key: "k.pem" } }],
    ["{ ca: ca.pem, caKey: k.pem, names: [10.0.0.1] }", { kind: "signed", authority: { cert: "ca.pem", key: "k.pem" }, names: ["10.0.0.1"] }],
  ])("with tls: %s terminates TLS", (given, tls) => {
    expect(proxy(`upstream: http://a, tls: ${given}`)?.tls).toEqual(tls);
  });

  test("listens on a unix socket, of which there is a path, and no port", () => {
    expect(proxy("upstream: http://a, listen: unix:/tmp/a.sock")?.listen).toEqual({ path: "/tmp/a.sock" });
    const named = (field: string): string => textWith({ proxies: "proxies:\n  payments: { upstream: http://a, listen: unix:/tmp/a.sock }", services: `services:\n  checkout: { command: "x \${proxies.payments.${field}}", port: auto }` });
    expect(experimentOf(named("path")).proxies).toHaveLength(1);
    expect(issueOf(named("port"))).toMatchObject({ code: "undefined-reference", hint: "known: url, path" });
  });

  test("has an authority where the run signs its certificate", () => {
    const named = (tls: string): string => textWith({ proxies: `proxies:\n  payments: { upstream: http://a${tls} }`, services: 'services:\n  checkout: { command: "x ${proxies.payments.ca}", port: auto }' });
    expect(experimentOf(named(", tls: generated")).proxies).toHaveLength(1);
    expect(issueOf(named(""))).toMatchObject({ code: "undefined-reference", hint: expect.stringContaining("tls: generated") as string });
    expect(issueOf(named(", tls: { cert: c, key: k }")).code).toBe("undefined-reference");
  });

  test.each([["'[::1]:8080'", "::1", 8080], ["':8080'", "127.0.0.1", 8080], ["localhost:0", "localhost", 0]])("listens on %s", (given, host, port) => {
    expect(proxy(`upstream: http://a, listen: ${given}`)?.listen).toEqual({ host, port });
  });
});

describe("a probe", () => {
  const text = (given: string): string => textWith({ probes: `probes:\n  checkout: { type: http, url: http://a, ${given} }` });
  const load = (given: string): Probe["load"] | undefined => experimentOf(text(given)).probes[0]?.load;

  test.each([
    ["timeout: 1s", { kind: "open", rates: { warmup: 10, before: 10, during: 10, after: 10 }, inFlight: 1000 }],
    ["load: 300/min", { rates: { warmup: 5, before: 5, during: 5, after: 5 } }],
    ["load: { rate: { before: 10/s, during: 40/s } }", { rates: { warmup: 10, before: 10, during: 40, after: 10 } }],
    ["load: { rate: { during: 40/s } }", { rates: { warmup: 40, before: 40, during: 40, after: 40 } }],
    ["load: { rate: 5/s, steps: [10/s, 20/s], burst: 3, arrivals: poisson, connections: fresh, inFlight: 7 }", { rates: { during: 5 }, steps: [10, 20], burst: 3, arrivals: "poisson", connections: "fresh", inFlight: 7 }],
    ["load: { serial: true, pause: 50ms }", { kind: "serial", pauseMs: 50, rates: { warmup: 0, before: 0, during: 0, after: 0 } }],
  ])("with %s", (given, expected) => {
    expect(load(given)).toMatchObject(expected);
  });

  test.each([
    ["load: 25", /write its unit \("25\/s"/],
    ["load: { serial: true, rate: 5/s }", /rate or serial: true, got both/],
    ["load: { pause: 5s }", /expected serial: true with pause/],
    ["load: { rate: { durring: 5/s } }", /unknown key "durring"/],
    ["load: { steps: [] }", /a list of at least 1 items, got an empty list/],
    ["timeout: 0s", /above 0/],
    ["rps: 30", /unknown key "rps"/],
    ["expect: { status: 20 }", /status: /],
  ])("with %s is refused", (given, message) => {
    expect(issueOf(text(given)).message).toMatch(message);
  });

  test("of an unknown type shows those that there are", () => {
    expect(issueOf(textWith({ probes: "probes:\n  checkout: { type: htp }" }))).toMatchObject({ code: "unknown-probe-type", hint: 'did you mean "http"? known: http, tcp, command' });
    expect(issueOf(textWith({ probes: "probes:\n  checkout: {}" })).message).toBe("type is missing: http, tcp, command");
  });
});

describe("gates", () => {
  test("are parsed per phase, and settle after the largest recovery claimed", () => {
    const text = textWith({
      steadyState: 'steadyState:\n  - { probe: checkout, success: ">= 99%", p95: "< 250ms", during: { available: "> 95%" } }\n  - { probe: checkout, max: "<= 1s", settle: 1s }',
      hypotheses: "hypotheses:\n  - { type: recovery, probe: checkout, within: 4s }\n  - { type: recovery, probe: checkout, within: \"<= 6s\" }",
      guards: 'guards:\n  - { probe: checkout, available: ">= 20%" }',
    });
    const { steadyState, guards, hypotheses } = experimentOf(text);
    expect(steadyState).toEqual([
      { probe: "checkout", claims: [{ metric: "success", bound: { text: ">= 99%", min: 0.99 } }, { metric: "p95", bound: { text: "< 250ms", max: 250, maxOpen: true } }], during: [{ metric: "available", bound: { text: "> 95%", min: 0.95, minOpen: true } }], settleMs: 6000 },
      { probe: "checkout", claims: [{ metric: "max", bound: { text: "<= 1s", max: 1000 } }], during: [], settleMs: 1000 },
    ]);
    expect(guards).toEqual([{ probe: "checkout", claims: [{ metric: "available", bound: { text: ">= 20%", min: 0.2 } }], overMs: 5000 }]);
    expect(hypotheses.map(({ name, params }) => [name, params["within"]])).toEqual([["recovery-1", { text: "<= 4s", max: 4000 }], ["recovery-2", { text: "<= 6s", max: 6000 }]]);
  });

  test.each([
    ["steadyState: [{ probe: chekout, success: '>= 99%' }]", /there is no probe "chekout"/],
    ["steadyState: [{ probe: checkout }]", /steadyState\[0\]: expected at least one of success, available/],
    ["steadyState: [{ probe: checkout, p95: 250ms }]", /expected a bound like/],
    ["steadyState: [{ probe: checkout, success: '>= 99%', during: {} }]", /during: expected at least one of success/],
  ])("such as %s are refused", (steadyState, message) => {
    expect(issueOf(textWith({ steadyState })).message).toMatch(message);
  });
});

describe("a hypothesis", () => {
  const faults = "faults:\n  - { name: a, proxy: payments, type: drop }\n  - { name: b, proxy: payments, type: hang, match: { path: /x } }";
  const text = (given: string): string => textWith({ faults, phases: "phases: { during: 60s, after: 60s }", hypotheses: `hypotheses:\n  - { ${given} }` });

  test("speaks of the faults that it names, else of all", () => {
    const named = (given: string): readonly string[] | undefined => experimentOf(text(`type: recovery, probe: checkout, within: 5s${given}`)).hypotheses[0]?.faults;
    expect(named("")).toEqual(["a", "b"]);
    expect(named(", fault: b")).toEqual(["b"]);
    expect(named(", fault: [b, a]")).toEqual(["b", "a"]);
  });

  test.each([
    ["type: recovery, probe: chekout, within: 5s", "unknown-probe", 19],
    ["type: recovery, probe: checkout, within: 5s, fault: c", "unknown-fault", 19],
    ["type: recovry, probe: checkout", "unknown-hypothesis-type", 19],
    ["type: recovery, probe: checkout", "missing-key", 19],
    ["type: recovery, probe: checkout, within: 5s, confirm: maybe", "wrong-type", 19],
    ["type: recovery, probe: checkout, within: 5s, shapes: [hang]", "no-effect", 19],
    ["type: timeout, proxy: payments, givesUp: 1s, shapes: [hang, hangg]", "unknown-shape", 19],
  ])("%s is refused", (given, code) => {
    expect(issueOf(text(given)).code).toBe(code);
  });
});
