import { z } from "zod";
import type { Egress, Ready, Service } from "../../model/experiment.ts";
import { commandWords, wordsOf } from "../../probes/command.ts";
import { duration } from "../../units/fields.ts";
import { name } from "./names.ts";

const readySchema = z.strictObject({
  http: z.string().min(1).optional().meta({ description: 'a URL that answers 200 to 399 when ready, such as "${services.checkout.url}/health/live"' }),
  tcp: z.string().min(1).optional().meta({ description: "host:port that accepts connections when ready" }),
  log: z.string().min(1).optional().meta({ description: "a text that stands in the output when ready" }),
  within: duration().prefault("10s").meta({ description: "how long it may take" }),
}).transform(({ http, tcp, log, within }, context): Ready => {
  const given = ([["http", http], ["tcp", tcp], ["log", log]] as const).flatMap(([kind, target]) => (target === undefined ? [] : [{ kind, target, withinMs: within }]));
  const [ready] = given;
  if (ready !== undefined && given.length === 1) return ready;
  context.addIssue({ code: "custom", message: `expected one of http, tcp, log, got ${given.length === 0 ? "none" : given.map(({ kind }) => kind).join(" and ")}` });
  return z.NEVER;
});

const egressSchema = z.union([
  name,
  z.strictObject({
    proxy: name.meta({ description: "the forward proxy that its calls go through" }),
    except: z.array(z.string().regex(/^[^,\s]+$/, "expected a host without blanks and commas")).prefault([]).meta({ description: "hosts that it calls directly: NO_PROXY" }),
  }),
]).transform((given): Egress => (typeof given === "string" ? { proxy: given, except: [] } : given));

/** A process of the run, without its name. */
export const serviceSchema = z.strictObject({
  command: commandWords,
  shell: z.boolean().default(false).meta({ description: "run by the system's shell" }),
  port: z.union([z.literal("auto"), z.int().min(1).max(65_535)]).optional().meta({ description: "auto: a free one, given as PORT; read as ${services.NAME.port} and ${services.NAME.url}" }),
  cwd: z.string().min(1).optional().meta({ description: "working directory, relative to the file" }),
  env: z.record(z.string().regex(/^[^=\0]+$/, "expected the name of an environment variable"), z.union([z.string(), z.number(), z.boolean()])).prefault({}).meta({ description: "added to the environment of chaos" }),
  ready: readySchema.optional().meta({ description: "how to tell that it is ready: http, tcp or log; the next service starts then. Default with a port: that it accepts connections there, within 10s; without one it is ready as soon as it is started" }),
  replicas: z.int().min(1).max(64).default(1).meta({ description: "how many of them are started" }),
  egress: egressSchema.optional().meta({ description: "the forward proxy that its calls go through, told by HTTP_PROXY, HTTPS_PROXY and NO_PROXY in its environment; { proxy, except: [hosts] } to call some directly" }),
  stopWithin: duration().prefault("5s").meta({ description: "from SIGTERM to SIGKILL" }),
}).transform((given, context): Omit<Service, "name"> => {
  const { command, shell, port, cwd, env, ready, replicas, egress, stopWithin } = given;
  const words = wordsOf(command, shell);
  if (typeof words === "string") context.addIssue({ code: "custom", message: words, path: ["command"] });
  if (replicas > 1 && typeof port === "number") context.addIssue({ code: "custom", message: `expected port: auto with ${replicas} replicas, got ${port}`, path: ["port"] });
  return {
    command: typeof words === "string" ? [] : words,
    shell,
    ...(port === undefined ? {} : { port }),
    ...(cwd === undefined ? {} : { cwd }),
    env: Object.fromEntries(Object.entries(env).map(([variable, value]) => [variable, String(value)])),
    ...(ready === undefined ? {} : { ready }),
    replicas,
    stopWithinMs: stopWithin,
    ...(egress === undefined ? {} : { egress }),
  };
});

/** A service as it is named; one that has a port, and does not say how to tell that it is ready, is ready when it accepts connections there. */
export function namedService(name: string, given: Omit<Service, "name">): Service {
  const ready: Ready | undefined = given.ready ?? (given.port === undefined ? undefined : readySchema.parse({ tcp: `127.0.0.1:\${services.${name}.port}` }));
  return { name, ...given, ...(ready === undefined ? {} : { ready }) };
}
