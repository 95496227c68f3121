import { describe, expect, test } from "vitest";
import { ChaosError } from "../../src/model/error.ts";
import type { SampleRecord } from "../../src/model/event.ts";
import type { Plan } from "../../src/model/plan.ts";
import { Redactor, redactorOf, resolveSecrets, withoutSecrets } from "../../src/run/secrets.ts";
import { header } from "../journal/header.ts";

function planWith(templates: Readonly<Record<string, string>>): Plan {
  const secrets = Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, { template }]));
  return { ...header.plan, experiment: { ...header.plan.experiment, secrets } };
}

function secretsOf(templates: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return resolveSecrets(planWith(templates), env);
}

describe("resolveSecrets", () => {
  test("takes values from the environment, with text around them and defaults", () => {
    expect(secretsOf({ a: "${env.KEY}", b: "Bearer ${env.KEY}", c: "${env.NONE:-spare}" }, { KEY: "k3y" })).toEqual({ a: "k3y", b: "Bearer k3y", c: "spare" });
  });

  test("throws for a variable that is not set, naming it", () => {
    expect(() => secretsOf({ a: "${env.NONE}" }, {})).toThrow(/secret a comes from the environment variable NONE, which is not set/);
  });
});

describe("Redactor", () => {
  const sample: SampleRecord = { kind: "sample", atMs: 1, probe: "hunter22", n: 1, dueMs: 0, grade: "bad", blame: "expected 200, got 401: hunter22 is wrong" };

  test("blots out values in free texts, and leaves names alone", () => {
    expect(new Redactor(["hunter22"]).fact(sample)).toEqual({ ...sample, blame: "expected 200, got 401: [redacted] is wrong" });
  });

  test("blots out what stands in a URL", () => {
    expect(new Redactor(["p&ss w/rd"]).text("GET /?key=p%26ss%20w%2Frd and p&ss w/rd")).toBe("GET /?key=[redacted] and [redacted]");
  });

  test("blots out the longer of two values of which one holds the other", () => {
    expect(new Redactor(["secret", "secret-and-more"]).text("it is secret-and-more")).toBe("it is [redacted]");
  });

  test("blots out the beginning of a value where a text was cut, and nowhere else", () => {
    const redactor = new Redactor(["to(ken*1234"]);
    expect(redactor.text('got "to(ken*1…", line to(ken*12\nto(ken*')).toBe('got "[redacted]…", line [redacted]\n[redacted]');
    expect(redactor.text("to(ke… to(ken* is no secret")).toBe("to(ke… to(ken* is no secret");
  });

  test("blots out what stands in JSON", () => {
    expect(new Redactor(['say "friend"']).text(String.raw`{"p":"say \"friend\""}`)).toBe('{"p":"[redacted]"}');
  });

  test("blots out a value of several lines, one by one and on one line", () => {
    const redactor = new Redactor(["-----BEGIN-----\nMIIabcdef\n  ghijklmn\n-----END-----\n"]);
    expect(redactor.text("its last lines:\n  MIIabcdef\n  ghijklmn\nand MIIabcdef ghijklmn, -----BEGIN----- MIIabcdef ghijklmn -----END----- too")).toBe("its last lines:\n  [redacted]\n  [redacted]\nand [redacted] [redacted], [redacted]too");
  });

  test("blots out what a secret takes from the environment, wherever it stands", () => {
    expect(redactorOf(planWith({ auth: "Bearer ${env.KEY}" }), { KEY: "k3yk3y" }).text("sent Bearer k3yk3y, refused: k3yk3y")).toBe("sent [redacted], refused: [redacted]");
  });

  test("leaves values shorter than 6 characters, which would blot out parts of words", () => {
    expect(new Redactor(["12345"]).text("12345")).toBe("12345");
  });
});

test("errors of what comes before the journal are told without secrets", () => {
  const redactor = new Redactor(["secret-host"]);
  const failing = (): never => { throw new ChaosError("bad", "reaches secret-host", { hint: "--allow-host secret-host" }); };
  expect(() => withoutSecrets(redactor, failing)).toThrow(expect.objectContaining({ code: "bad", message: "reaches [redacted]", hint: "--allow-host [redacted]" }));
  expect(() => withoutSecrets(redactor, () => { throw new TypeError("boom"); })).toThrow(new TypeError("boom"));
});
