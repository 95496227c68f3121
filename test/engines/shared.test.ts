import { describe, expect, it } from "vitest";
import { SharedEngine } from "../../src/engines/index.ts";
import type { DataPlane, DataPlaneConfig, DataPlaneMessage, DataPlaneRequest, ProxyConfig } from "../../src/model/data-plane.ts";
import type { Fault } from "../../src/model/experiment.ts";

const proxy = (name: string, workers?: number): ProxyConfig => ({
  name, lane: "http1", upstream: { host: "127.0.0.1", port: 1 }, host: "keep", correlate: { by: "none" }, ...(workers === undefined ? {} : { workers }),
  listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }],
});

const fault = (on: string): Fault => ({ name: `slow-${on}`, type: "latency", layer: "exchange", proxy: on, direction: "both", params: {}, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } });

/** Data planes that answer at once, on a clock that says 7 ms: the n-th has bound the ports from n × 100 on where it was given none, and hears of what it is told at n × 10 ms. */
function setUp(proxies: readonly ProxyConfig[], refuse: (index: number) => boolean = () => false) {
  const asked: DataPlaneRequest[][] = [];
  const deaths: string[] = [];
  const posts: ((message: DataPlaneMessage) => void)[] = [];
  const open = (): DataPlane => {
    const index = asked.push([]) - 1;
    return {
      onMessage: (listener) => void (posts[index] = listener),
      send: (request) => {
        asked[index]?.push(request);
        const { id } = request;
        if (request.kind === "start" && refuse(index)) posts[index]?.({ kind: "failed", id, code: "port-taken", message: "taken" });
        else if (request.kind === "start") {
          posts[index]?.({ kind: "started", id, listening: request.config.proxies.flatMap(({ name, listeners }, n) => listeners.map(({ caller, port }) => ({ proxy: name, caller, host: "127.0.0.1", port: port === 0 || port === undefined ? (index + 1) * 100 + n : port }))) });
        } else if (request.kind === "set-faults") posts[index]?.({ kind: "faults-set", id, atMs: request.sinceMs ?? (index + 1) * 10 });
        else posts[index]?.({ kind: "stopped", id });
      },
    };
  };
  const engine = new SharedEngine({ env: { nowMs: () => 7 }, open, onRecords: () => undefined, onDeath: ({ message }) => deaths.push(message) });
  const config: DataPlaneConfig = { seed: "s", tracePrefix: "0", proxies };
  return { engine, config, asked, deaths, posts };
}

describe("SharedEngine", () => {
  it("is one data plane where no proxy asks for more, and hands it everything as it is", async () => {
    const { engine, config, asked } = setUp([proxy("a"), proxy("b")]);
    await engine.start(config);
    await engine.setFaults([fault("a"), fault("elsewhere")], 1);
    expect(asked).toMatchObject([[{ kind: "start", config }, { kind: "set-faults", faults: [{ proxy: "a" }, { proxy: "elsewhere" }] }]]);
    expect(asked[0]?.[1]).not.toHaveProperty("sinceMs");
  });

  it("has the first serve all, and the further ones what asks for them, on the ports that the first got", async () => {
    const { engine, config, asked } = setUp([proxy("a"), proxy("b", 3), proxy("c", 2)]);
    const listening = await engine.start(config);
    expect(listening.map(({ proxy: name, port }) => [name, port])).toEqual([["a", 100], ["b", 101], ["c", 102]]);
    const started = asked.map(([request]) => (request?.kind === "start" ? request.config : undefined));
    expect(started.map((one) => one?.proxies.map(({ name, listeners }) => [name, listeners[0]?.port]))).toEqual([[["a", 0], ["b", 0], ["c", 0]], [["b", 101], ["c", 102]], [["b", 101]]]);
    expect(started.map((one) => one?.share)).toEqual([{ index: 0, of: 3 }, { index: 1, of: 3 }, { index: 2, of: 3 }]);
    expect(new Set(started.map((one) => one?.seed)).size).toBe(3);
    expect(started[0]?.seed).toBe("s");
  });

  it("sets and lifts faults in all, each its own: from one moment on, until the last has lifted them", async () => {
    const { engine, config, asked } = setUp([proxy("a"), proxy("b", 2)]);
    await engine.start(config);
    expect(await engine.setFaults([fault("a"), fault("b")], 1)).toEqual({ atMs: 7 });
    expect(asked.map((requests) => requests.flatMap((request) => (request.kind === "set-faults" ? request.faults.map(({ proxy: on }) => on) : [])))).toEqual([["a", "b"], ["b"]]);
    expect(await engine.lift({ release: true })).toEqual({ atMs: 20 });
    await engine.stop();
    expect(asked.map((requests) => requests.at(-1)?.kind)).toEqual(["stop", "stop"]);
  });

  it("leaves none open when one cannot listen", async () => {
    const { engine, config, asked } = setUp([proxy("b", 2)], (index) => index === 1);
    await expect(engine.start(config)).rejects.toMatchObject({ code: "port-taken" });
    expect(asked.map((requests) => requests.at(-1)?.kind)).toEqual(["stop", "stop"]);
  });

  it("tells when one of them dies", async () => {
    const { engine, config, deaths, posts } = setUp([proxy("b", 2)]);
    await engine.start(config);
    posts[1]?.({ kind: "died", atMs: 5, code: "data-plane-died", message: "gone" });
    expect(deaths).toEqual(["gone"]);
  });
});
