import { z } from "zod";
import type { ListenerTlsChoice, UpstreamTlsChoice } from "../../model/tls.ts";

const file = z.string().min(1);

/** TLS towards upstream; all of it is optional. */
export const upstreamTlsSchema = z.strictObject({
  ca: file.optional().meta({ description: "PEM file of the authorities that upstream's certificate may be signed by, instead of the well-known ones" }),
  servername: z.string().min(1).optional().meta({ description: "the name that upstream is asked for and that its certificate must have; default: the host of upstream" }),
  insecure: z.boolean().default(false).meta({ description: "true: any certificate will do" }),
  cert: file.optional().meta({ description: "PEM file of the certificate that is shown to an upstream that asks for one; with key" }),
  key: file.optional().meta({ description: "PEM file of the private key of cert" }),
}).transform(({ ca, servername, insecure, cert, key }, context): UpstreamTlsChoice => {
  if ((cert === undefined) !== (key === undefined)) context.addIssue({ code: "custom", message: `expected cert and key together, ${cert === undefined ? "cert" : "key"} is missing` });
  return {
    insecure, ...(ca === undefined ? {} : { ca }), ...(servername === undefined ? {} : { servername }),
    ...(cert === undefined || key === undefined ? {} : { identity: { cert, key } }),
  };
});

/** TLS towards callers. */
export const listenerTlsSchema = z.union([
  z.literal("generated"),
  z.strictObject({
    names: z.array(z.string().min(1)).optional().meta({ description: "names and addresses that the certificate is for, beside localhost, 127.0.0.1, ::1 and advertise" }),
    cert: file.optional().meta({ description: "PEM file of a certificate of your own, with those that lead to its authority; with key" }),
    key: file.optional().meta({ description: "PEM file of the private key of cert" }),
    ca: file.optional().meta({ description: "PEM file of the certificate of an authority of your own, which signs a new certificate in each run; with caKey" }),
    caKey: file.optional().meta({ description: "PEM file of the private key of ca" }),
  }),
]).transform((given, context): ListenerTlsChoice => {
  if (given === "generated") return { kind: "generated", names: [] };
  const { names = [], cert, key, ca, caKey } = given;
  const refuse = (message: string): ListenerTlsChoice => {
    context.addIssue({ code: "custom", message });
    return { kind: "generated", names };
  };
  if ((cert === undefined) !== (key === undefined)) return refuse(`expected cert and key together, ${cert === undefined ? "cert" : "key"} is missing`);
  if ((ca === undefined) !== (caKey === undefined)) return refuse(`expected ca and caKey together, ${ca === undefined ? "ca" : "caKey"} is missing`);
  if (cert !== undefined && key !== undefined) return ca === undefined && given.names === undefined ? { kind: "own", identity: { cert, key } } : refuse("expected cert and key alone: ca and names are for certificates that are made for the run");
  return ca !== undefined && caKey !== undefined ? { kind: "signed", authority: { cert: ca, key: caKey }, names } : { kind: "generated", names };
});
