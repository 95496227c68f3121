import { constants, generateKeyPair, privateEncrypt, randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { promisify } from "node:util";
import type forge from "node-forge";
import type { pki } from "node-forge";
import { ChaosError } from "../../model/error.ts";
import type { Flaw, Identity } from "../../model/tls.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** Longer than any run; short enough that what is left lying about is soon worth nothing. */
const validDays = 30;
/** A name that no host has (RFC 6761 §6.4). */
const foreignName = "wrong-host.invalid";

export interface Keys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** A pair of keys, PEM; takes 0.1 s of a processor, not of this thread. RSA: what signs here knows no other. */
export function makeKeys(): Promise<Keys> {
  return promisify(generateKeyPair)("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
}

/** An authority that nobody knows yet. */
export async function makeAuthority({ publicKey, privateKey }: Keys): Promise<Identity> {
  const forge = await loadForge();
  const subject = [{ name: "commonName", value: `chaos authority ${randomBytes(4).toString("hex")}` }];
  const certificate = blank(forge, { publicKey, subject, issuer: subject, fromMs: Date.now() - dayMs, untilMs: Date.now() + validDays * dayMs });
  certificate.setExtensions([{ name: "basicConstraints", cA: true, critical: true }, { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true }, { name: "subjectKeyIdentifier" }]);
  certificate.sign(signingKey(forge, privateKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key: privateKey };
}

export interface Wanted {
  /** Names and addresses that the certificate is for; the first also stands as its common name. */
  readonly names: readonly string[];
  readonly keys: Keys;
  /** What is to be wrong with it. */
  readonly flaw?: Flaw;
}

/** A certificate of a server, signed by an authority; what leads from that to its root follows. Throws ChaosError `bad-authority` when it cannot sign. */
export async function issue(authority: Identity, { names, keys, flaw }: Wanted): Promise<Identity> {
  const forge = await loadForge();
  const shown = flaw === "wrong-host" ? [foreignName] : names;
  const subject = [{ name: "commonName", value: shown[0] ?? foreignName }];
  const signer: Signer = flaw === "self-signed" ? { subject, key: signingKey(forge, keys.privateKey), chain: "" } : signerOf(forge, authority);
  const nowMs = Date.now();
  const validity = flaw === "expired" ? { fromMs: nowMs - 2 * dayMs, untilMs: nowMs - dayMs } : { fromMs: nowMs - dayMs, untilMs: nowMs + validDays * dayMs };
  const certificate = blank(forge, { publicKey: keys.publicKey, subject, issuer: signer.subject, ...validity });
  certificate.setExtensions([
    { name: "basicConstraints", cA: false, critical: true }, { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true }, { name: "extKeyUsage", serverAuth: true },
    { name: "subjectAltName", altNames: shown.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })) },
  ]);
  certificate.sign(signer.key, forge.md.sha256.create());
  return { cert: `${forge.pki.certificateToPem(certificate)}${signer.chain}`, key: keys.privateKey };
}

type Forge = typeof forge;

/** Loaded when it is needed: most runs make no certificate. */
async function loadForge(): Promise<Forge> {
  return (await import("node-forge")).default;
}

interface Blank {
  readonly publicKey: string;
  readonly subject: pki.CertificateField[];
  readonly issuer: pki.CertificateField[];
  readonly fromMs: number;
  readonly untilMs: number;
}

function blank(forge: Forge, { publicKey, subject, issuer, fromMs, untilMs }: Blank): pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // Positive, and of one length: the first byte says both (RFC 5280 §4.1.2.2).
  certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
  certificate.validity.notBefore = new Date(fromMs);
  certificate.validity.notAfter = new Date(untilMs);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  return certificate;
}

/** Of a SHA-256 digest, in front of it where RSA signs it (RFC 8017 §9.2, note 1). */
const digestInfo = Buffer.from("3031300d060960864801650304020105000420", "hex");

/** A key that signs by the system's arithmetic: forge's own takes this thread 50 ms and more. */
function signingKey(forge: Forge, pem: string): pki.rsa.PrivateKey {
  const key = forge.pki.privateKeyFromPem(pem);
  key.sign = (digest) => {
    const bytes = Buffer.from(typeof digest === "string" ? digest : digest.digest().getBytes(), "latin1");
    return privateEncrypt({ key: pem, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([digestInfo, bytes])).toString("latin1");
  };
  return key;
}

interface Signer {
  readonly subject: pki.CertificateField[];
  readonly key: pki.rsa.PrivateKey;
  /** PEM of what callers need beside their root. */
  readonly chain: string;
}

function signerOf(forge: Forge, { cert, key }: Identity): Signer {
  try {
    const certificate = forge.pki.certificateFromPem(cert);
    const { subject } = certificate;
    return { subject: subject.attributes, key: signingKey(forge, key), chain: certificate.isIssuer(certificate) ? "" : cert };
  } catch (error) {
    throw new ChaosError("bad-authority", `expected an authority that can sign, got one that cannot: ${error instanceof Error ? error.message : String(error)}`, { hint: "its key has to be an RSA key that is not encrypted", cause: error });
  }
}
