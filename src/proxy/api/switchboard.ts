import type { ProxyConfig } from "../../model/data-plane.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Fault } from "../../model/experiment.ts";

/** What the control API moves: the data plane, by whatever way it is reached. */
export interface Switchboard {
  /** Where it listens. Throws ChaosError `port-taken`, `listen-failed`; then nothing listens. */
  open(config: ProxyConfig, faults: readonly Fault[]): Promise<readonly Endpoint[]>;
  close(proxy: string): Promise<void>;
  /** The whole list of the proxy's faults, in order. */
  change(proxy: string, faults: readonly Fault[]): Promise<void>;
}

/** What has changed, told once it is carried out. */
export type ControlEvent =
  | { readonly kind: "toxic"; readonly change: "added" | "updated" | "removed" | "expired"; readonly proxy: string; readonly toxic: string }
  /** `healed`: its lease ended, it is enabled and has no toxics. */
  | { readonly kind: "proxy"; readonly change: "created" | "updated" | "removed" | "healed"; readonly proxy: string };
