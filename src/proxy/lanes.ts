import type { LaneName } from "../model/experiment.ts";
import type { Lane } from "./lane.ts";
import { http1 } from "./http1/index.ts";
import { tcp } from "./tcp/index.ts";

/** How each lane serves a connection. */
export const lanes: Readonly<Partial<Record<LaneName, Lane>>> = { http1, tcp };
