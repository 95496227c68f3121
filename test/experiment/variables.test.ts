import { describe, expect, test } from "vitest";
import { experimentOf, issueOf, placesOf, read, textWith } from "./minimal.ts";

const withVars = (vars: string, title: string): string => textWith({ title: `title: ${title}`, vars: `vars: ${vars}` });

describe("variables", () => {
  test("are replaced in texts, and keep their type where they stand alone", () => {
    const text = textWith({
      vars: "vars: { n: 2, share: 99%, list: [a, b], on: true, deep: { load: 7/s } }",
      tags: 'tags: "${vars.list}"',
      phases: 'phases: { epochs: "${vars.n}" }',
      steadyState: 'steadyState:\n  - { probe: checkout, success: ">= ${vars.share}" }',
      probes: 'probes:\n  checkout: { type: http, url: "http://127.0.0.1:1/${vars.n}/${vars.on}", trace: "${vars.on}", load: "${vars.deep.load}" }',
    });
    const experiment = experimentOf(text);
    expect(experiment).toMatchObject({ tags: ["a", "b"], phases: { epochs: 2 }, steadyState: [{ claims: [{ bound: { text: ">= 99%" } }] }] });
    expect(experiment.probes[0]).toMatchObject({ params: { url: "http://127.0.0.1:1/2/true", trace: true }, load: { rates: { before: 7 } } });
  });

  test("of the command line replace those of the file, and take their type", () => {
    const text = textWith({ vars: "vars: { n: 2, on: true, word: a }", phases: 'phases: { epochs: "${vars.n}" }', probes: 'probes:\n  checkout: { type: http, url: "http://a/${vars.word}", trace: "${vars.on}" }' });
    const experiment = experimentOf(text, { vars: { n: "3", on: "false", word: "7" } });
    expect(experiment.phases.epochs).toBe(3);
    expect(experiment.probes[0]?.params).toMatchObject({ url: "http://a/7", trace: false });
  });

  test("may be made of each other, and of nothing circular", () => {
    expect(experimentOf(withVars('{ a: "${vars.b}!", b: hi }', '"${vars.a}"')).title).toBe("hi!");
    expect(issueOf(withVars('{ a: "${vars.b}", b: "${vars.a}" }', '"x ${vars.a}"'))).toMatchObject({ code: "circular-variable", line: 2 });
  });

  test("that are not defined are an error at their place, with a near name", () => {
    expect(issueOf(withVars("{ retries: off }", '"x ${vars.retires}"'))).toMatchObject({ code: "undefined-variable", line: 2, column: 11, hint: 'did you mean "retries"?' });
    expect(issueOf(textWith({ title: 'title: "x ${vars.a}"' })).hint).toBe("define it: vars: { a: … }, or --var a=…");
  });

  test("that are given and used nowhere are a warning", () => {
    expect(issueOf(withVars("{ retries: off }", '"${vars.retries}"'), { vars: { retires: "on" } })).toMatchObject({ code: "unused-variable", severity: "warning", hint: 'did you mean "retries"?' });
    expect(read(`${textWith()}---\n${withVars("{ a: b }", '"${vars.a}"')}`, { vars: { a: "c" } }).issues).toEqual([]);
  });

  test("are not replaced in keys", () => {
    expect(placesOf(textWith({ probes: 'probes:\n  "${vars.a}": { type: http, url: http://a }\n  checkout: { type: http, url: http://a }', vars: "vars: { a: b }" }))).toContain("8:3 bad-name");
  });
});

describe("the environment", () => {
  const title = (text: string): string => textWith({ title: `title: "${text}"` });

  test("is replaced, with a default where it is unset or empty", () => {
    expect(experimentOf(title("${env.A}-${env.B:-b}-${env.C:-}x"), { env: { A: "a" } }).title).toBe("a-b-x");
    expect(experimentOf(title("x${env.A:-b}"), { env: { A: "" } }).title).toBe("xb");
  });

  test("that is not set is an error at its place", () => {
    expect(issueOf(title("x ${env.NOPE}"))).toMatchObject({ code: "undefined-env", line: 2, column: 11 });
  });

  test("is taken literally: a value that looks like a placeholder is none", () => {
    const experiment = experimentOf(textWith({ probes: 'probes:\n  checkout: { type: http, url: "http://a/${env.A}" }' }), { env: { A: "${secrets.x}" } });
    expect(experiment.probes[0]?.params["url"]).toBe("http://a/$${secrets.x}");
  });
});

describe("secrets", () => {
  test("stay templates: their values enter neither experiment nor plan", () => {
    const text = textWith({ secrets: 'secrets: { key: "${env.API_KEY}" }', probes: 'probes:\n  checkout: { type: http, url: http://a/, headers: { authorization: "Bearer ${secrets.key}" } }' });
    const experiment = experimentOf(text, { env: { API_KEY: "s3cr3t-value" } });
    expect(experiment.secrets).toEqual({ key: { template: "${env.API_KEY}" } });
    expect(JSON.stringify(experiment)).not.toContain("s3cr3t-value");
  });

  test("have to come from an environment variable that is set", () => {
    expect(issueOf(textWith({ secrets: 'secrets: { key: "${env.API_KEY}" }' }))).toMatchObject({ code: "undefined-env", line: 11 });
    expect(issueOf(textWith({ secrets: "secrets: { key: abc }" })).code).toBe("written-secret");
    expect(issueOf(textWith({ secrets: 'secrets: { key: "${vars.a}" }' })).code).toBe("bad-placeholder");
  });

  test("are made of environment variables that look secret, with a warning", () => {
    const text = textWith({ services: 'services:\n  checkout: { command: [node, x], port: auto, env: { U: "${proxies.payments.url}", KEY: "k ${env.STRIPE_API_KEY}" } }' });
    const options = { env: { STRIPE_API_KEY: "s3cr3t-value" } };
    expect(issueOf(text, options)).toMatchObject({ code: "looks-secret", severity: "warning", line: 4 });
    const experiment = experimentOf(text, options);
    expect(experiment.secrets).toEqual({ STRIPE_API_KEY: { template: "${env.STRIPE_API_KEY}" } });
    expect(experiment.services[0]?.env["KEY"]).toBe("k ${secrets.STRIPE_API_KEY}");
  });

  test.each([
    ["declared", { secrets: 'secrets: { pin: "${env.PIN}" }' }, { PIN: "12345" }, [["short-secret", 11]]],
    ["declared, with a text around it", { secrets: 'secrets: { pin: "Bearer ${env.PIN}" }' }, { PIN: "12345" }, [["short-secret", 11]]],
    ["a default", { secrets: 'secrets: { pin: "${env.PIN:-12345}" }' }, {}, [["short-secret", 11]]],
    ["of a name that looks secret", { services: 'services:\n  checkout: { command: [node, x], port: auto, env: { U: "${proxies.payments.url}", KEY: "${env.MY_TOKEN}" } }' }, { MY_TOKEN: "12345" }, [["looks-secret", 4], ["short-secret", 4]]],
    ["long enough", { secrets: 'secrets: { pin: "${env.PIN}" }' }, { PIN: "123456" }, []],
  ] as const)("that are too short to be redacted are a warning: %s", (_what, changes, env, expected) => {
    const { issues, documents } = read(textWith(changes), { env });
    expect(issues.map(({ code, line }) => [code, line])).toEqual(expected);
    expect(JSON.stringify(issues.map(({ message, hint }) => [message, hint]))).not.toContain("12345");
    expect(documents[0]?.experiment).toBeDefined();
  });

  test("cannot stand where the plan would show them", () => {
    expect(issueOf(textWith({ title: 'title: "${env.DB_PASSWORD}"' }), { env: { DB_PASSWORD: "hunter22" } }).code).toBe("secret-in-plan");
  });
});

describe("placeholders", () => {
  const url = (text: string): string => textWith({ probes: `probes:\n  checkout: { type: http, url: "http://a/", headers: { x: "${text}" } }` });

  test("$${ is a literal, at once where nothing more is replaced, later where something is", () => {
    expect(experimentOf(textWith({ title: 'title: "cost: $${x}"' })).title).toBe("cost: ${x}");
    expect(experimentOf(url("$${x}")).probes[0]?.params["headers"]).toEqual({ x: "$${x}" });
  });

  test("of the run stay where they may stand", () => {
    expect(experimentOf(url("${services.checkout.port} ${proxies.payments.host} ${request.n}")).probes[0]?.params["headers"]).toEqual({ x: "${services.checkout.port} ${proxies.payments.host} ${request.n}" });
  });

  test.each([
    ["${services.chekout.url}", 'there is no service "chekout"', 'did you mean "checkout"?'],
    ["${services.checkout.uri}", 'there is no "uri"', 'did you mean "url"?'],
    ["${services.checkout#2.url}", "checkout has one replica, and no #2", "give checkout replicas: …"],
    ["${proxies.payment.url}", 'there is no proxy "payment"', 'did you mean "payments"?'],
    ["${proxies.payments}", 'there is no proxy "payments"', ""],
    ["${request.ip}", 'a request has no "ip"', "known: id, n"],
    ["${secrets.key}", 'there is no secret "key"', 'declare it: secrets: { key: "${env.NAME}" }'],
    ["${vras.x}", 'there is no scope "vras" in ${vras.x}', 'did you mean "vars"?'],
    ["${vars.x:-1}", "only ${env.NAME:-default} has a default, got ${vars.x:-1}", "give the default under vars:"],
    ["${x}", "expected a placeholder like ${vars.name}, got ${x}", "write $${ for a literal ${"],
    ["${vars.x", "this ${ is never closed", "write $${ for a literal ${"],
  ])("%s is an error at its place", (placeholder, message, hint) => {
    const issue = issueOf(url(`ab ${placeholder}`));
    expect(issue).toMatchObject({ line: 8, column: 63 });
    expect(issue.message).toContain(message === 'there is no proxy "payments"' ? "it does not say which part" : message);
    expect(issue.hint).toContain(hint);
  });

  test("of the run are refused where they would come too late", () => {
    expect(issueOf(textWith({ title: 'title: "${services.checkout.url}"' }))).toMatchObject({ code: "known-when-run", line: 2, column: 9 });
    expect(issueOf(textWith({ proxies: 'proxies:\n  payments: { upstream: "http://${request.id}" }' })).code).toBe("known-when-run");
  });
});
