import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Identity } from "../../../src/model/tls.ts";
import { issue, makeAuthority, makeKeys } from "../../../src/proxy/tls/certificates.ts";
import { readTlsFiles } from "../../../src/proxy/tls/pem-files.ts";

const folder = mkdtempSync(join(tmpdir(), "chaos-pem-"));
let authority: Identity;
let own: Identity;

beforeAll(async () => {
  authority = await makeAuthority(await makeKeys());
  own = await issue(authority, { names: ["localhost"], keys: await makeKeys() });
  for (const [name, text] of [["ca.pem", authority.cert], ["ca.key", authority.key], ["own.pem", own.cert], ["own.key", own.key], ["text.pem", "no certificate"]] as const) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the files of TLS that a proxy names", () => {
  test("are read, relative to the experiment's folder", () => {
    expect(readTlsFiles({ name: "payments", upstreamTls: { insecure: false, servername: "a", ca: "ca.pem", identity: { cert: "own.pem", key: "own.key" } }, tls: { kind: "own", identity: { cert: join(folder, "own.pem"), key: "./own.key" } } }, folder))
      .toEqual({ upstreamTls: { insecure: false, servername: "a", ca: authority.cert, identity: own }, tls: { kind: "own", identity: own } });
    expect(readTlsFiles({ name: "payments", tls: { kind: "signed", authority: { cert: "ca.pem", key: "ca.key" }, names: ["b"] } }, folder)).toEqual({ tls: { kind: "signed", authority, names: ["b"] } });
  });

  test("are none where none is named", () => {
    expect(readTlsFiles({ name: "payments" }, folder)).toEqual({});
    expect(readTlsFiles({ name: "payments", upstreamTls: { insecure: true }, tls: { kind: "generated", names: [] } }, folder)).toEqual({ upstreamTls: { insecure: true }, tls: { kind: "generated", names: [] } });
  });

  test.each([
    ["cannot be read", { upstreamTls: { insecure: false, ca: "none.pem" } }, /^proxy payments: expected a PEM file for upstreamTls\.ca, but none\.pem cannot be read: ENOENT/],
    ["hold no certificate", { upstreamTls: { insecure: false, ca: "text.pem" } }, /^proxy payments: upstreamTls\.ca \(text\.pem\) cannot be used: it holds no certificate/],
    ["hold no certificate for callers", { tls: { kind: "own", identity: { cert: "text.pem", key: "own.key" } } }, /^proxy payments: tls\.cert and key \(text\.pem, own\.key\) cannot be used: /],
    ["hold another certificate's key", { tls: { kind: "own", identity: { cert: "own.pem", key: "ca.key" } } }, /cannot be used: .*key values mismatch/],
    ["hold another authority's key", { tls: { kind: "signed", authority: { cert: "ca.pem", key: "own.key" }, names: [] } }, /^proxy payments: tls\.ca and caKey \(ca\.pem, own\.key\) cannot be used: /],
  ] as const)("are refused that %s", (_claim, proxy, message) => {
    expect(() => readTlsFiles({ name: "payments", ...proxy }, folder)).toThrow(message);
  });

  test("are refused by name when they are to sign and hold no RSA key", () => {
    writeFileSync(join(folder, "ec.key"), generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }));
    const refusal = { code: "bad-authority", message: "proxy payments: expected an RSA key in tls.caKey (ec.key), to sign certificates with, got one of the type ec", hint: expect.stringContaining("openssl req -x509 -newkey rsa:2048") as string };
    expect(() => readTlsFiles({ name: "payments", tls: { kind: "signed", authority: { cert: "ca.pem", key: "ec.key" }, names: [] } }, folder)).toThrow(expect.objectContaining(refusal));
  });
});
