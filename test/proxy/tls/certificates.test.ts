import { createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import forge from "node-forge";
import { beforeAll, describe, expect, test } from "vitest";
import type { Identity } from "../../../src/model/tls.ts";
import { issue, makeAuthority, makeKeys } from "../../../src/proxy/tls/certificates.ts";
import type { Wanted } from "../../../src/proxy/tls/certificates.ts";
import { CertificateMaker } from "../../../src/proxy/tls/server-tls.ts";

let authority: Identity;
let keys: Wanted["keys"];
const names = ["localhost", "127.0.0.1", "::1", "*.payments.test"];

beforeAll(async () => {
  keys = await makeKeys();
  authority = await makeAuthority(keys);
});

describe("a certificate", () => {
  test("is signed by its authority, for its names, for now, and goes with its key", async () => {
    const { cert, key } = await issue(authority, { names, keys });
    const read = new X509Certificate(cert);
    expect(read.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(read.checkIssued(new X509Certificate(authority.cert))).toBe(true);
    expect(read.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:*.payments.test");
    expect(read.checkHost("a.payments.test")).toBe("*.payments.test");
    expect(new Date(read.validFrom).getTime()).toBeLessThan(Date.now());
    expect(new Date(read.validTo).getTime()).toBeGreaterThan(Date.now());
    expect(read.ca).toBe(false);
    expect(createPublicKey(key).equals(read.publicKey)).toBe(true);
  });

  test("has a serial number of its own", async () => {
    const serials = await Promise.all([1, 2, 3].map(async () => new X509Certificate((await issue(authority, { names, keys })).cert).serialNumber));
    expect(new Set(serials).size).toBe(3);
    for (const serial of serials) expect(serial).toMatch(/^01[0-9A-F]{30}$/);
  });

  test("with a flaw has that flaw and no other", async () => {
    const of = async (flaw: NonNullable<Wanted["flaw"]>): Promise<X509Certificate> => new X509Certificate((await issue(authority, { names, keys, flaw })).cert);
    const signer = new X509Certificate(authority.cert);
    const [expired, foreign, own] = await Promise.all([of("expired"), of("wrong-host"), of("self-signed")]);
    expect([expired.checkIssued(signer), expired.checkHost("localhost"), new Date(expired.validTo).getTime() < Date.now()]).toEqual([true, "localhost", true]);
    expect([foreign.checkIssued(signer), foreign.checkHost("localhost"), new Date(foreign.validTo).getTime() < Date.now()]).toEqual([true, undefined, false]);
    expect([own.checkIssued(signer), own.subject === own.issuer && own.verify(own.publicKey), own.checkHost("localhost"), new Date(own.validTo).getTime() < Date.now()]).toEqual([false, true, "localhost", false]);
  });

  test("that an intermediate authority signed is followed by that one's", async () => {
    const middle = forge.pki.createCertificate();
    middle.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
    middle.validity.notAfter = new Date(Date.now() + 1_000_000);
    middle.setSubject([{ name: "commonName", value: "middle" }]);
    middle.setIssuer(forge.pki.certificateFromPem(authority.cert).subject.attributes);
    middle.setExtensions([{ name: "basicConstraints", cA: true }]);
    middle.sign(forge.pki.privateKeyFromPem(authority.key), forge.md.sha256.create());
    const cert = forge.pki.certificateToPem(middle);
    const made = await issue({ cert, key: keys.privateKey }, { names, keys });
    expect(made.cert.endsWith(cert)).toBe(true);
    expect(new X509Certificate(made.cert).checkIssued(new X509Certificate(cert))).toBe(true);
  });

  test("cannot be signed by a key that is not RSA, and the error says so", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256", publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
    await expect(issue({ cert: authority.cert, key: privateKey }, { names, keys })).rejects.toMatchObject({ code: "bad-authority", hint: "its key has to be an RSA key that is not encrypted" });
  });
});

describe("the certificates of a run", () => {
  test("have one authority, which is known once something was signed by it", async () => {
    const maker = new CertificateMaker();
    expect(await maker.authority()).toBeUndefined();
    const made = await Promise.all(["a.test", "b.test"].map((name) => maker.make({ choice: { kind: "generated", names: [name] }, names: ["box.test"], flawed: false })));
    const signer = new X509Certificate((await maker.authority()) ?? "");
    expect(made.map(({ identity }) => new X509Certificate(identity.cert)).map((cert) => [cert.checkIssued(signer), cert.checkHost("box.test"), cert.checkHost("a.test")])).toEqual([[true, "box.test", "a.test"], [true, "box.test", undefined]]);
    expect(made.map(({ flawed }) => flawed)).toEqual([{}, {}]);
  });

  test("are signed by the author's authority where there is one", async () => {
    const maker = new CertificateMaker();
    const { identity, flawed } = await maker.make({ choice: { kind: "signed", authority, names: [] }, names: [], flawed: true });
    expect(new X509Certificate(identity.cert).checkIssued(new X509Certificate(authority.cert))).toBe(true);
    expect(identity.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(Object.keys(flawed)).toEqual(["expired", "wrong-host", "self-signed"]);
    expect(await maker.authority()).toBeUndefined();
  });

  test("are the author's own where they are given: then nothing but a self-signed one is made", async () => {
    const maker = new CertificateMaker();
    const own = await issue(authority, { names, keys });
    expect(await maker.make({ choice: { kind: "own", identity: own }, names: [], flawed: false })).toEqual({ identity: own, flawed: {} });
    const { identity, flawed } = await maker.make({ choice: { kind: "own", identity: own }, names: [], flawed: true });
    expect([identity, Object.keys(flawed)]).toEqual([own, ["self-signed"]]);
  });
});
