import type { ProxyConfig } from "../model/data-plane.ts";
import type { LaneName } from "../model/experiment.ts";
import { http1 } from "./http1/index.ts";
import { http2 } from "./http2/index.ts";
import type { Lane } from "./lane.ts";
import { tcp } from "./tcp/index.ts";
import { behindTls } from "./tls/index.ts";
import type { Spoken } from "./tls/index.ts";

/** How each lane serves a connection. */
const lanes: Readonly<Record<LaneName, Lane>> = { http1, http2, tcp };

/** What callers may choose to speak over TLS on each lane. */
const spoken: Readonly<Record<LaneName, Spoken>> = { http1: { "http/1.1": http1 }, http2: { h2: http2 }, tcp: {} };

/** How the connections of a proxy are served. */
export function laneOf({ lane, tls }: Pick<ProxyConfig, "lane" | "tls">): Lane {
  return tls === undefined ? lanes[lane] : behindTls(lanes[lane], tls, spoken[lane]);
}
