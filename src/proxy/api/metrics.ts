import { isFelt } from "../../evidence/felt.ts";
import type { ConnectionRecord, FaultRecord, WitnessRecord } from "../../model/event.ts";
import type { Json, JsonObject } from "../../model/json.ts";
import type { Control } from "./control.ts";
import { ProcessFigures } from "./process-figures.ts";
import { exposition } from "./prometheus.ts";
import type { Family } from "./prometheus.ts";
import { Counter } from "./counter.ts";
import type { LogEntry, WitnessLog } from "./witness-log.ts";

/** What a proxy is called in figures; what is not known of it is empty. */
interface ProxyLabels {
  readonly listener: string;
  readonly upstream: string;
  /** Type of each toxic by its name. */
  readonly types: ReadonlyMap<string, string>;
}

/** Proxies whose labels are remembered when they are gone: the last of their connections are counted then. */
const mostRemembered = 1_000;

/** Everything that is counted of proxies, toxics and requests to the API since the start, and what the process uses. */
export class Metrics {
  readonly #control: Pick<Control, "list" | "proxy">;
  readonly #process = new ProcessFigures();
  readonly #stopWatching: () => void;
  readonly #remembered = new Map<string, ProxyLabels>();
  // In the order of Toxiproxy's own, for those who look for whole lines.
  readonly #received = new Counter(["direction", "listener", "proxy", "upstream"]);
  readonly #sent = new Counter(["direction", "listener", "proxy", "upstream"]);
  readonly #connections = new Counter(["proxy", "closed_by", "how"]);
  readonly #exchanges = new Counter(["proxy", "end"]);
  readonly #eligible = new Counter(["proxy", "toxic", "type"]);
  readonly #applied = new Counter(["proxy", "toxic", "type"]);
  readonly #felt = new Counter(["proxy", "toxic", "type"]);
  readonly #requests = new Counter(["method", "route", "status"]);

  constructor(control: Pick<Control, "list" | "proxy">, log: WitnessLog) {
    this.#control = control;
    this.#stopWatching = log.watch((entries) => this.#watch(entries));
  }

  close(): void {
    this.#stopWatching();
    this.#process.close();
  }

  /** One request to the API was answered; `route` is its pattern, empty where there is none. */
  answered(method: string, route: string, status: number): void {
    this.#requests.add([method, route, String(status)]);
  }

  /** In the text format of Prometheus. */
  text(openConnections?: ReadonlyMap<string, number>): string {
    return exposition([
      family("toxiproxy_proxy_received_bytes_total", "Bytes that a proxy received on a direction; of a connection when it has ended.", this.#received),
      family("toxiproxy_proxy_sent_bytes_total", "Bytes that a proxy sent on a direction; of a connection when it has ended.", this.#sent),
      family("chaos_toxic_eligible_total", "Connections or exchanges that a toxic could have hit, its toxicity not yet drawn.", this.#eligible),
      family("chaos_toxic_applied_total", "Connections or exchanges that a toxic hit.", this.#applied),
      family("chaos_toxic_felt_total", "Connections or exchanges that a toxic hit before their caller was gone.", this.#felt),
      family("chaos_proxy_connections_total", "Connections that have ended.", this.#connections),
      family("chaos_proxy_exchanges_total", "HTTP exchanges that have ended.", this.#exchanges),
      {
        name: "chaos_proxy_open_connections", type: "gauge", help: "Connections that are open.",
        samples: [...(openConnections ?? [])].map(([proxy, value]) => ({ labels: { proxy }, value })),
      },
      { name: "chaos_proxies", type: "gauge", help: "Proxies, by whether they are enabled.", samples: this.#proxyCounts() },
      family("chaos_api_requests_total", "Requests to the control API that were answered.", this.#requests),
      ...this.#process.families(),
    ]);
  }

  #watch(entries: readonly LogEntry[]): void {
    const known = new Map<string, ProxyLabels>();
    const labelsOf = (proxy: string): ProxyLabels => {
      const labels = known.get(proxy) ?? this.#look(proxy);
      known.set(proxy, labels);
      return labels;
    };
    for (const entry of entries) {
      if (entry.kind === "witnessed") this.#count(entry.record, labelsOf);
      // So that what is removed before anything went through is known by its labels too.
      else labelsOf(entry.event.proxy);
    }
  }

  #count(record: WitnessRecord, labelsOf: (proxy: string) => ProxyLabels): void {
    if (record.kind === "connection") {
      this.#countBytes(record, labelsOf(record.proxy));
      this.#connections.add([record.proxy, record.closedBy, record.how]);
      for (const fault of record.faults ?? []) this.#countFault(record.proxy, fault, labelsOf(record.proxy), isFelt(fault, { method: "", endMs: record.closeMs }, 0));
    } else if (record.kind === "exchange") {
      this.#exchanges.add([record.proxy, record.end]);
      for (const fault of record.faults ?? []) this.#countFault(record.proxy, fault, labelsOf(record.proxy), isFelt(fault, record, 0));
    } else if (record.kind === "listener-faulted") {
      const { fault, decision } = record;
      this.#countFault(record.proxy, { fault, decision }, labelsOf(record.proxy), false);
    }
  }

  #countBytes({ proxy, requestBytes, responseBytes, upstreamBytes, upstreamReached }: ConnectionRecord, { listener, upstream }: ProxyLabels): void {
    const up = ["upstream", listener, proxy, upstream];
    const down = ["downstream", listener, proxy, upstream];
    this.#received.add(up, requestBytes);
    this.#sent.add(up, upstreamBytes?.got ?? (upstreamReached ? requestBytes : 0));
    this.#received.add(down, upstreamBytes?.gave ?? responseBytes);
    this.#sent.add(down, responseBytes);
  }

  #countFault(proxy: string, { fault, decision, effect, inside }: FaultRecord, { types }: ProxyLabels, isFelt: boolean): void {
    const labels = [proxy, fault, types.get(fault) ?? ""];
    if (inside !== undefined) {
      this.#eligible.add(labels, inside.applied + inside.missed.ordinal + inside.missed.rate);
      this.#applied.add(labels, inside.applied);
      this.#felt.add(labels, inside.felt);
      return;
    }
    // Of a listener's fault the openings are counted; the connections that one cut off are those who felt it.
    if (effect !== "refuse") {
      this.#eligible.add(labels, decision === "match" || decision === "window" ? 0 : 1);
      this.#applied.add(labels, decision === "applied" ? 1 : 0);
    }
    this.#felt.add(labels, isFelt ? 1 : 0);
  }

  /** What a proxy is called now, or was last. */
  #look(proxy: string): ProxyLabels {
    const before = this.#remembered.get(proxy);
    const now = this.#labelsNow(proxy, before?.types);
    if (now === undefined) return before ?? { listener: "", upstream: "", types: new Map() };
    this.#remembered.delete(proxy);
    this.#remembered.set(proxy, now);
    const oldest = this.#remembered.keys().next().value;
    if (this.#remembered.size > mostRemembered && oldest !== undefined) this.#remembered.delete(oldest);
    return now;
  }

  #labelsNow(proxy: string, typesBefore: ReadonlyMap<string, string> = new Map()): ProxyLabels | undefined {
    const shown = proxyOf(this.#control, proxy);
    if (shown === undefined) return undefined;
    const toxics = (Array.isArray(shown["toxics"]) ? shown["toxics"] : []).filter(isObject);
    const types = toxics.map((toxic): [string, string] => [text(toxic["name"]), text(toxic["type"])]);
    // Toxics that are gone are known by their type until the proxy has had many others.
    const kept = typesBefore.size > mostRemembered ? [] : typesBefore;
    return { listener: text(shown["listen"]), upstream: text(shown["upstream"]), types: new Map([...kept, ...types]) };
  }

  #proxyCounts(): Family["samples"] {
    const shown = [...this.#control.list().values()];
    const enabled = shown.filter((proxy) => proxy["enabled"] === true).length;
    return [{ labels: { enabled: "true" }, value: enabled }, { labels: { enabled: "false" }, value: shown.length - enabled }];
  }
}

function family(name: string, help: string, counter: Counter): Family {
  return { name, type: "counter", help, samples: counter.samples() };
}

function proxyOf(control: Pick<Control, "proxy">, name: string): JsonObject | undefined {
  try {
    return control.proxy(name);
  } catch {
    return undefined;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
