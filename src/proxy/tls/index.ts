/**
 * TLS on both sides of a proxy. entrance.ts: callers shake hands, then the connection is its lane's; server-tls.ts and certificates.ts make what they are shown;
 * pem-files.ts reads what authors bring; problems.ts says in words what went wrong. Towards upstream TLS is spoken by dial.ts above.
 * May import: model, faults, the lane's border above it, and the lane of bytes for what is cut off before a handshake; node-forge only in certificates.ts.
 * To add a flaw that a certificate can have: a member of Flaw (model/tls.ts) and of the list in server-tls.ts, a case in certificates.ts, a kind of the fault tls.
 */
export { behindTls } from "./entrance.ts";
export type { Spoken } from "./entrance.ts";
export { readTlsFiles } from "./pem-files.ts";
export { CertificateMaker } from "./server-tls.ts";
