import { describe, expect, test } from "vitest";
import { handshakeProblem, upstreamProblem } from "../../../src/proxy/tls/problems.ts";

const error = (code: string, message = code): NodeJS.ErrnoException => Object.assign(new Error(message), { code });
const alert = "8047E86B7F7F0000:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1605:SSL alert number 48\n";

describe("what is told of a failed TLS connection", () => {
  test("to upstream is the reason and what to do about it", () => {
    expect(upstreamProblem(error("CERT_HAS_EXPIRED"))?.message).toBe("upstream's certificate is not trusted: the certificate has expired; trust its authority with upstreamTls.ca, or any certificate with upstreamTls: { insecure: true }");
    expect(upstreamProblem(error("ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames: DNS:b"))).toMatchObject({ code: "upstream-certificate", message: expect.stringContaining("Host: a. is not in the cert's altnames: DNS:b") as string });
    expect(upstreamProblem(error("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", alert))?.message).toMatch(/^TLS with upstream failed: tlsv1 alert unknown ca; does it speak TLS/);
  });

  test("to a caller says whom it has to trust, where that is the reason", () => {
    expect(handshakeProblem(error("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", alert))?.message).toBe("the handshake with a caller failed: tlsv1 alert unknown ca; have the caller trust ${proxies.NAME.ca}, such as by NODE_EXTRA_CA_CERTS");
    expect(handshakeProblem(error("ERR_SSL_UNSUPPORTED_PROTOCOL", alert.replace("tlsv1 alert unknown ca", "unsupported protocol")))?.message).toBe("the handshake with a caller failed: unsupported protocol");
    expect(handshakeProblem(error("ERR_SSL_HTTP_REQUEST"))?.message).toMatch(/plain HTTP/);
  });

  test.each(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "ETIMEDOUT", ""])("is nothing where %s ended it: that has no more to do with TLS than without", (code) => {
    expect(upstreamProblem(error(code))).toBeUndefined();
    expect(handshakeProblem(error(code))).toBeUndefined();
  });
});
