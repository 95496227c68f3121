import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { ChaosError } from "../../model/error.ts";
import { errorReply } from "./reply.ts";
import type { Reply } from "./reply.ts";

/** Who may speak to the control API. */
export interface AccessRules {
  /** The address that it is bound to. */
  readonly bound: string;
  /** What every request has to show. */
  readonly token?: string | undefined;
  /** Bound elsewhere than to the loopback, it is meant to be open to all who reach it. */
  readonly open?: boolean | undefined;
  /** Names by which it may be called besides. */
  readonly hosts: readonly string[];
}

/** What a request says of who sent it; `host` is the authority of an absolute target where it has one. */
export interface Caller {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly apiToken?: string | undefined;
}

/** Of such characters an HTTP header may be made. */
const tokenShape = /^[\x21-\x7e]+$/;

/** Throws ChaosError `api-exposed` where whoever reaches the port could do as they like though nobody said so, `bad-token` for a token that no header can hold. */
export function checkExposure({ bound, token, open }: AccessRules): void {
  if (token !== undefined && !tokenShape.test(token)) throw new ChaosError("bad-token", "expected an API token of visible ASCII characters without spaces, got one that is empty or has others", { hint: "make one with: openssl rand -hex 16" });
  if (isLoopback(bound) || token !== undefined || open === true) return;
  throw new ChaosError("api-exposed", `expected the control API on a loopback address, or a token, got ${bound}: whoever reaches that port could open listeners on this machine and send traffic anywhere`, {
    hint: "bind it to 127.0.0.1, or ask for a token with --api-token, or say --api-open if everybody who reaches it may control it",
  });
}

/** What is worth a line at start: that everybody may control it. */
export function exposureNotice({ bound, token, open }: AccessRules): string | undefined {
  if (isLoopback(bound) || token !== undefined || open !== true) return undefined;
  return `the control API on ${bound} is open: everybody who reaches it controls the proxies (--api-token asks for a token)`;
}

/**
 * Why a request is refused; undefined when it is not. What a web page could make a browser send is refused: a request of another origin,
 * and one to a name that may be anybody's and lead here (DNS rebinding), which an address or a name without a dot is not. Who shows the token is no such page.
 */
export function refusalOf(caller: Caller, rules: AccessRules): Reply | undefined {
  if (caller.origin !== undefined && caller.origin.toLowerCase() !== `http://${caller.host ?? ""}`.toLowerCase()) {
    return errorReply(403, `origin not allowed: expected no Origin header, or that of this API, got ${quoted(caller.origin)}`);
  }
  if (rules.token !== undefined) return showsToken(caller, rules.token) ? undefined : errorReply(401, "token required: expected it as Authorization: Bearer TOKEN, or as X-Api-Token: TOKEN", { "WWW-Authenticate": "Bearer" });
  // No browser leaves it empty.
  if (caller.host === undefined || caller.host === "" || isKnown(nameOf(caller.host), rules)) return undefined;
  return errorReply(403, `host not allowed: expected an address, a name without dots, or one given with --api-host, got ${quoted(caller.host)}`);
}

/** Whether an address, or the name localhost, is reached from this machine only. */
function isLoopback(address: string): boolean {
  const bare = bareName(address);
  return bare === "localhost" || bare.endsWith(".localhost") || bare === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(bare);
}

/** Compared in a time that tells nothing of what they have in common, their length included. */
function showsToken({ authorization, apiToken }: Caller, token: string): boolean {
  const shown = apiToken ?? /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(shown), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function isKnown(name: string, { bound, hosts }: AccessRules): boolean {
  return isLoopback(name) || name === bareName(bound) || hosts.some((host) => bareName(host) === name) || isIP(name) !== 0 || (name !== "" && !name.includes("."));
}

/** The name in a Host header, without its port. */
function nameOf(host: string): string {
  return bareName(/^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host)?.[1] ?? "");
}

function bareName(host: string): string {
  return host.replaceAll(/[[\]]/g, "").replace(/\.$/, "").toLowerCase();
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
