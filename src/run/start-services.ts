import type { Env } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import type { Service } from "../model/experiment.ts";
import { replicasOf } from "../experiment/listeners.ts";
import type { RunScope } from "../experiment/interpolate.ts";
import { holdFreePort, holdPort } from "./free-ports.ts";
import type { HeldPort } from "./free-ports.ts";
import { Replica } from "./replica.ts";
import type { ServiceProcess } from "./service-process.ts";
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
 * Starts services as written, each when the one before is ready; keeps the process ids of those that run current, and returns the replicas.
 * Throws ChaosError `service-not-started`, `service-exited` or `service-not-ready`; rejects with the signal's reason.
 */
export async function startServices(services: readonly Service[], setting: ServiceSetting, pids: Map<string, number>): Promise<readonly Replica[]> {
  const replicas: Replica[] = [];
  for (const service of services) {
    for (const [i, name] of replicasOf(service).entries()) replicas.push(await startReplica(service, { name, number: i + 1 }, setting, pids));
  }
  return replicas;
}

async function startReplica(service: Service, which: { readonly name: string; readonly number: number }, setting: ServiceSetting, pids: Map<string, number>): Promise<Replica> {
  const { env, signal, baseDir, environment, record, onDeath, undo } = setting;
  signal.throwIfAborted();
  const { name } = which;
  const { services = {}, ...others } = setting.scopeOf(name);
  // A replica that names its own service means itself.
  const scope: RunScope = { ...others, services: { ...services, [service.name]: services[name] ?? {} } };
  const held = setting.ports.get(name);
  const replica = new Replica(service, which, { env, baseDir, environment, port: held?.port, scope, pids, record, onDeath });
  undo.add(`service ${name}`, () => replica.stop());
  await held?.release();
  await replica.start(signal);
  return replica;
}
