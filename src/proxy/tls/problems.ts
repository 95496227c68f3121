import { format } from "../../units/format.ts";
import { handshakeTooSlow } from "../shortages.ts";


/** What is told of a failure of TLS, as an issue of the witness. */
export interface TlsProblem {
  readonly code: string;
  readonly message: string;
}

/** Verification errors of OpenSSL (X509_verify_cert_error_string) and of Node, with what to do about each. */
const untrusted: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is a self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is not a trusted one (self-signed certificate in certificate chain)",
  UNABLE_TO_GET_ISSUER_CERT: "its authority is not a trusted one (unable to get issuer certificate)",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its authority is not a trusted one (unable to get local issuer certificate)",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its authority is not a trusted one (unable to verify the first certificate)",
  CERT_SIGNATURE_FAILURE: "its signature is wrong",
  INVALID_PURPOSE: "it is not one for servers",
  CERT_REVOKED: "the certificate was revoked",
};

const trustIt = "trust its authority with upstreamTls.ca, or any certificate with upstreamTls: { insecure: true }";

/** Code of a connection that upstream closed or reset during the handshake, which Node tells as any reset. */
export const closedInHandshake = "ERR_TLS_CLOSED_IN_HANDSHAKE";

/** Of a handshake with upstream that it says nothing to, while the end of what its caller has sent waits for it. */
export function unanswered(silentMs: number): NodeJS.ErrnoException {
  return Object.assign(new Error(`it said nothing to the handshake for ${format("duration", silentMs)} (limits.headTimeout) behind the end of its caller`), { code: "ERR_TLS_HANDSHAKE_TIMEOUT" });
}

/** Why upstream could not be spoken to over TLS; absent when the failure has nothing to do with TLS. */
export function upstreamProblem({ code = "", message }: NodeJS.ErrnoException): TlsProblem | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return { code: "upstream-certificate", message: `upstream's certificate is for another host: ${reason(message)}; name the one it is for with upstreamTls.servername` };
  const why = untrusted[code];
  if (why !== undefined) return { code: "upstream-certificate", message: `upstream's certificate is not trusted: ${why}; ${trustIt}` };
  if (!isTls(code)) return undefined;
  return { code: "upstream-tls", message: `TLS with upstream failed: ${code === closedInHandshake ? "it closed the connection during the handshake" : reason(message)}; does it speak TLS on that port, and want a certificate (upstreamTls.cert and key)?` };
}

/** Why a caller's handshake failed; absent when it just went away. */
export function handshakeProblem({ code = "", message }: NodeJS.ErrnoException): TlsProblem | undefined {
  if (!isTls(code)) return undefined;
  if (code === "ERR_SSL_HTTP_REQUEST") return { code: "tls-handshake", message: "a caller spoke plain HTTP to a listener that speaks TLS: give it ${proxies.NAME.url}, which says https://" };
  const distrust = /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)/.test(code);
  return { code: "tls-handshake", message: `the handshake with a caller failed: ${reason(message)}${distrust ? "; have the caller trust ${proxies.NAME.ca}, such as by NODE_EXTRA_CA_CERTS" : ""}` };
}

/** Of a caller that has not shaken hands in time. */
export function slowHandshake(headMs: number): TlsProblem {
  return { code: handshakeTooSlow, message: `a caller had not ended its TLS handshake after the ${format("duration", headMs)} of limits.headTimeout, and its connection was closed: raise it if callers are meant to take so long` };
}

function isTls(code: string): boolean {
  return code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO" || code in untrusted;
}

/** The words of OpenSSL without its numbers and files: `0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/…`. */
function reason(message: string): string {
  return (/error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(message)?.[1] ?? message).trim();
}
