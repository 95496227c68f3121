import { LocalEngine } from "../../src/engines/index.ts";
import { Control, startApiServer, WitnessLog } from "../../src/proxy/api/index.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";

/** The control API over the real data plane, on a free port of 127.0.0.1, without proxies. */
export async function startControlStack(options: { readonly seed?: string } = {}) {
  const env = createSystemEnv();
  const log = new WitnessLog(env);
  const engine = new LocalEngine(createDataPlane(env), (records) => log.add(records));
  await engine.start({ seed: options.seed ?? "test", tracePrefix: "0123456789abcdef", proxies: [] });
  const control = new Control({
    open: (config, faults) => engine.openProxy(config, faults),
    close: (proxy) => engine.closeProxy(proxy),
    change: async (proxy, faults) => void (await engine.changeFaults(proxy, faults)),
  }, { env, onEvent: (event) => log.tell(event) });
  const server = await startApiServer({ host: "127.0.0.1", port: 0, hosts: [], control, log, version: "0.0.0", openConnections: () => engine.openConnections() });
  return {
    control, engine, env, log, port: server.address.port, url: `http://127.0.0.1:${server.address.port}`,
    close: async (): Promise<void> => {
      await server.close();
      control.stop();
      await engine.stop();
    },
  };
}
