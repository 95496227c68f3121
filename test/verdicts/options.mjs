// The options of the benchmark, read and checked.
import { parseArgs } from "node:util";

/** Throws for an option that is not known, and for one without its value. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true, default: [] }, tag: { type: "string", multiple: true, default: [] }, list: { type: "boolean", default: false }, smoke: { type: "boolean", default: false },
      times: { type: "string", default: "1" }, rounds: { type: "string", default: "1" }, jobs: { type: "string", default: "3" }, again: { type: "string", default: "1" }, starved: { type: "boolean", default: false },
      "latency-x2": { type: "boolean", default: false }, replicas: { type: "string" }, resume: { type: "string" }, shard: { type: "string" }, keep: { type: "string" }, record: { type: "boolean", default: false },
    },
  });
  const replicas = values.replicas === undefined ? undefined : whole("replicas", values.replicas);
  return {
    ...values,
    only: values.only.flatMap((text) => text.split(",")),
    tags: [...values.tag, ...(values.smoke ? ["smoke"] : []), ...(values.record ? ["recorded"] : [])],
    times: whole("times", values.times),
    rounds: whole("rounds", values.rounds),
    again: values.starved ? 0 : Number(values.again),
    jobs: whole("jobs", values.jobs),
    shard: values.shard === undefined ? undefined : part(values.shard),
    variation: { ...(values["latency-x2"] && { latencyFactor: 2 }), ...(replicas !== undefined && { replicas }) },
    variations: [...(values.starved ? ["starved"] : []), ...(values["latency-x2"] ? ["latency-x2"] : []), ...(replicas === undefined ? [] : ["replicas"])],
  };
}

function whole(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`expected --${name} with a whole number from 1, got ${text}`);
}

function part(text) {
  const [nth, of] = text.split("/").map(Number);
  if (nth >= 1 && nth <= of) return { nth, of };
  throw new Error(`expected --shard as I/N, such as 1/4, got ${text}`);
}
