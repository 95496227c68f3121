import type { LaneName } from "../model/experiment.ts";
import { http1 } from "./http1/index.ts";
import type { Lane } from "./lane.ts";
import { tcp } from "./tcp/index.ts";

/** How each lane serves a connection. */
export const lanes: Readonly<Record<LaneName, Lane>> = { http1, tcp };
