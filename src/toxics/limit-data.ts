import { whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

/** So many bytes pass, and then both sides get a FIN. */
export const limitData: ToxicType<{ readonly bytes: number }> = {
  type: "limit_data",
  struct: "LimitDataToxic",
  fields: { bytes: { kind: "integer", unit: "bytes", max: Number.MAX_SAFE_INTEGER } },
  toFault: ({ bytes }) => ({ type: "limit-data", params: { bytes, end: "close" } }),
  fromFault({ type, params }) {
    const bytes = whole(params["bytes"]);
    return type !== "limit-data" || params["end"] !== "close" || bytes === undefined ? undefined : { bytes };
  },
};
