import type { ToxicType } from "./toxic-type.ts";

/** Nothing happens. */
export const noop: ToxicType = {
  type: "noop",
  struct: "NoopToxic",
  fields: {},
  toFault: () => undefined,
  fromFault: () => undefined,
};
