import type { ExchangeRecord, JournalHeader } from "../model/event.ts";
import { decodeRequestId, decodeRequestKey } from "../math/request-key.ts";
import type { CallTable, Owner } from "./call-table.ts";
import { partitionPoint } from "./partition-point.ts";
import type { SampleTable } from "./sample-table.ts";

/** More requests than any run sends; a foreign trace id that decodes by chance is told by it. */
const mostRequests = 2 ** 26;

/** The upper two rungs of the correlation ladder: a trace id of ours, or a request id that came out where the proxy was told to look. */
export function findOwner({ trace, key }: Pick<ExchangeRecord, "trace" | "key">, header: JournalHeader): Owner {
  const { probes } = header.plan.experiment;
  if (trace?.startsWith(header.tracePrefix) === true) {
    const found = decodeRequestKey(header.plan.seed, trace.slice(16));
    if (found !== undefined && found.probeIndex < probes.length && found.n <= mostRequests) return { probe: found.probeIndex + 1, n: found.n, by: "trace" };
  }
  if (key !== undefined) {
    const found = decodeRequestId(key, header.tracePrefix);
    const index = found === undefined ? -1 : probes.findIndex(({ name }) => name === found.probe);
    if (found !== undefined && index >= 0 && found.n <= mostRequests) return { probe: index + 1, n: found.n, by: "content" };
  }
  return { probe: 0, n: 0, by: "none" };
}

/**
 * The third rung: where one probe sends one request at a time, a call without an owner belongs to the request sent last.
 * Used for proxies with `correlate: serial`, and where a single serial probe is all the load there is. Returns the proxies (places, from 0) so joined.
 */
export function joinSerially(calls: CallTable, samples: SampleTable, header: JournalHeader): ReadonlySet<number> {
  const { probes, proxies } = header.plan.experiment;
  const serial = probes.flatMap(({ load }, i) => (load.kind === "serial" ? [i + 1] : []));
  const [probe] = serial;
  const eligible = new Set(proxies.flatMap(({ correlate }, i) => (correlate.by === "serial" || (probes.length === 1 && correlate.by === "trace") ? [i] : [])));
  if (serial.length !== 1 || probe === undefined || eligible.size === 0) return new Set();
  const rows = samples.inDueOrder(probe).filter((row) => samples.sentMs(row) !== undefined);
  const joined = new Set<number>();
  for (let call = 0; call < calls.length; call += 1) {
    if (calls.ownerProbe.get(call) !== 0 || !eligible.has(calls.proxy.get(call))) continue;
    const startMs = calls.startMs.get(call);
    const sample = rows[partitionPoint(rows.length, (at) => (samples.sentMs(rows[at] ?? 0) ?? 0) <= startMs) - 1];
    if (sample === undefined) continue;
    calls.own(call, probe, samples.n.get(sample));
    joined.add(calls.proxy.get(call));
  }
  return joined;
}
