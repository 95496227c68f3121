import { resolve as resolvePath } from "node:path";
import type { Env } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import type { Service } from "../model/experiment.ts";
import { replicasOf } from "../experiment/listeners.ts";
import type { RunScope } from "../experiment/interpolate.ts";
import { unlessAborted } from "./abortable.ts";
import { holdFreePort, holdPort } from "./free-ports.ts";
import type { HeldPort } from "./free-ports.ts";
import { untilReady } from "./ready.ts";
import { resolveText } from "./resolve-text.ts";
import { ServiceProcess } from "./service-process.ts";
import type { Undo } from "./undo.ts";

export interface ServiceSetting {
  readonly env: Env;
  readonly signal: AbortSignal;
  readonly baseDir: string;
  /** Inherited by every service. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ports of replicas, held until they are started. */
  readonly ports: ReadonlyMap<string, HeldPort>;
  /** What placeholders stand for in one replica: its own listeners of proxies. */
  readonly scopeOf: (replica: string) => RunScope;
  readonly undo: Undo;
  readonly record: (event: RunEvent) => void;
  /** A service ended that was not asked to, and had been ready. */
  readonly onDeath: (service: ServiceProcess) => void;
}

/** Holds a port for every replica that is to have one. Throws ChaosError `port-taken` or `no-free-port`. */
export async function holdPorts(services: readonly Service[], undo: Undo): Promise<ReadonlyMap<string, HeldPort>> {
  const ports = new Map<string, HeldPort>();
  for (const service of services) {
    for (const [i, name] of replicasOf(service).entries()) {
      if (service.port === undefined) continue;
      const held = service.port === "auto" ? await holdFreePort() : await holdPort(service.port + i, name);
      ports.set(name, held);
      undo.add(`port ${held.port}`, () => held.release());
    }
  }
  return ports;
}

/**
 * Starts services as written, each when the one before is ready; returns the process ids of those that run, kept current.
 * Throws ChaosError `service-not-started`, `service-exited` or `service-not-ready`; rejects with the signal's reason.
 */
export async function startServices(services: readonly Service[], setting: ServiceSetting, pids: Map<string, number>): Promise<void> {
  for (const service of services) {
    for (const [i, name] of replicasOf(service).entries()) await startReplica(service, { name, replica: i + 1 }, setting, pids);
  }
}

async function startReplica(service: Service, { name, replica }: { readonly name: string; readonly replica: number }, setting: ServiceSetting, pids: Map<string, number>): Promise<void> {
  const { env, signal, record, undo } = setting;
  signal.throwIfAborted();
  const { services = {}, ...others } = setting.scopeOf(name);
  // A replica that names its own service means itself.
  const scope: RunScope = { ...others, services: { ...services, [service.name]: services[name] ?? {} } };
  const text = (template: string): string => resolveText(template, scope);
  const held = setting.ports.get(name);
  const process = new ServiceProcess({
    name,
    command: service.command.map(text),
    shell: service.shell,
    cwd: resolvePath(setting.baseDir, text(service.cwd ?? ".")),
    env: { ...setting.environment, ...(held === undefined ? {} : { PORT: String(held.port) }), ...Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, text(value)])) },
    stopWithinMs: service.stopWithinMs,
  });
  const logged = service.ready?.kind === "log" ? process.output.seek(text(service.ready.target)) : Promise.resolve();
  undo.add(`service ${name}`, () => process.stop(env));
  const told = { service: service.name, replica };
  await held?.release();
  const pid = await unlessAborted(signal, process.start());
  pids.set(name, pid);
  record({ kind: "service-started", atMs: env.nowMs(), ...told, pid, ...(held === undefined ? {} : { port: held.port }) });
  let isUnderWatch = false;
  let hasDied = false;
  void process.exited.then((exit) => {
    pids.delete(name);
    record({ kind: "service-exited", atMs: env.nowMs(), ...told, ...exit, expected: process.isStopping });
    hasDied = !process.isStopping;
    if (hasDied && isUnderWatch) setting.onDeath(process);
  });
  if (service.ready !== undefined) await untilReady(process, { ...service.ready, target: text(service.ready.target) }, logged, setting);
  record({ kind: "service-ready", atMs: env.nowMs(), ...told });
  isUnderWatch = true;
  // It may have ended in the moment it was found ready.
  if (hasDied) setting.onDeath(process);
}
