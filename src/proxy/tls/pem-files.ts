import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { ChaosError } from "../../model/error.ts";
import type { Proxy } from "../../model/experiment.ts";
import type { Identity, ListenerTlsChoice, UpstreamTlsChoice } from "../../model/tls.ts";

/** What the author of a proxy says of TLS, with the texts of files in place of their paths. */
interface TlsTexts {
  readonly upstreamTls?: UpstreamTlsChoice;
  readonly tls?: ListenerTlsChoice;
}

/** Reads the files that a proxy names, relative to a folder. Throws ChaosError `bad-certificate`: one cannot be read, is no PEM, or a key is not its certificate's; `bad-authority`: a key that is to sign cannot. */
export function readTlsFiles({ name, upstreamTls, tls }: Pick<Proxy, "name" | "upstreamTls" | "tls">, baseDir: string): TlsTexts {
  const files: Files = { proxy: name, baseDir };
  return {
    ...(upstreamTls === undefined ? {} : { upstreamTls: upstreamTexts(upstreamTls, files) }),
    ...(tls === undefined ? {} : { tls: listenerTexts(tls, files) }),
  };
}

interface Files {
  readonly proxy: string;
  readonly baseDir: string;
}

function upstreamTexts({ ca: path, identity, ...rest }: UpstreamTlsChoice, files: Files): UpstreamTlsChoice {
  const ca = path === undefined ? {} : { ca: read(path, "upstreamTls.ca", files) };
  if (path !== undefined) check(ca, `upstreamTls.ca (${path})`, files);
  return { ...rest, ...ca, ...(identity === undefined ? {} : { identity: readIdentity(identity, "upstreamTls.cert and key", files) }) };
}

function listenerTexts(choice: ListenerTlsChoice, files: Files): ListenerTlsChoice {
  if (choice.kind === "generated") return choice;
  if (choice.kind === "own") return { ...choice, identity: readIdentity(choice.identity, "tls.cert and key", files) };
  const what = "tls.ca and caKey";
  checkSigns(read(choice.authority.key, what, files), choice.authority.key, files);
  return { ...choice, authority: readIdentity(choice.authority, what, files) };
}

/** What signs here knows RSA only. */
function checkSigns(key: string, path: string, { proxy }: Files): void {
  const type = keyTypeOf(key);
  if (type === undefined || type === "rsa") return;
  throw new ChaosError("bad-authority", `proxy ${proxy}: expected an RSA key in tls.caKey (${path}), to sign certificates with, got one of the type ${type}`, {
    hint: "take an authority with an RSA key (openssl req -x509 -newkey rsa:2048 -nodes …), or show a certificate of your own: tls: { cert, key }",
  });
}

/** Absent when it cannot be read as a key; what is wrong with it is told where it is used. */
function keyTypeOf(key: string): string | undefined {
  try {
    return createPrivateKey(key).asymmetricKeyType;
  } catch {
    return undefined;
  }
}

function readIdentity({ cert, key }: Identity, what: string, files: Files): Identity {
  const texts = { cert: read(cert, what, files), key: read(key, what, files) };
  check(texts, `${what} (${cert}, ${key})`, files);
  return texts;
}

function read(path: string, what: string, { proxy, baseDir }: Files): string {
  try {
    return readFileSync(resolve(baseDir, path), "utf8");
  } catch (error) {
    throw new ChaosError("bad-certificate", `proxy ${proxy}: expected a PEM file for ${what}, but ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { hint: `paths are relative to the folder of the experiment, ${baseDir}`, cause: error });
  }
}

function check(texts: { readonly ca?: string } | Identity, what: string, { proxy }: Files): void {
  try {
    // Of a text without any certificate nothing is taken, and nothing said.
    if ("ca" in texts && !texts.ca?.includes("-----BEGIN CERTIFICATE-----")) throw new Error("it holds no certificate");
    createSecureContext({ ...texts });
  } catch (error) {
    throw new ChaosError("bad-certificate", `proxy ${proxy}: ${what} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { hint: "expected PEM files; a key has to be that of its certificate, and not encrypted", cause: error });
  }
}
