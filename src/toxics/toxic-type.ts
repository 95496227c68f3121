import type { JsonObject } from "../model/json.ts";

/** What a toxic's attributes hold, by name. */
export type Attributes = Readonly<Record<string, number | string | undefined>>;

/** What one attribute may be. Numbers are 0 where they are left out. */
export type AttributeField =
  /** A whole number from `min` (default 0) to `max`, in the unit. */
  | { readonly kind: "integer"; readonly unit: string; readonly min?: number; readonly max: number }
  /** A number from 0 to `max` (default 1). */
  | { readonly kind: "share"; readonly max?: number }
  /** One of these, the first where it is left out; then it is not shown either. */
  | { readonly kind: "word"; readonly words: readonly string[] };

/** What a toxic does, as a fault's type and what its schema would make of its parameters. */
export interface FaultPart {
  readonly type: string;
  readonly params: JsonObject;
}

/** What is wrong with one attribute. */
export interface AttributeProblem {
  readonly attribute: string;
  readonly message: string;
}

/** One kind of toxic: its attributes as Toxiproxy's clients write them, and the fault of the layer connection that it stands for. */
export interface ToxicType<A extends Attributes = Attributes> {
  readonly type: string;
  /** Go's name of its attributes, which stands in the texts of errors. */
  readonly struct: string;
  /** In the order in which they are shown. */
  readonly fields: { readonly [K in keyof A]-?: AttributeField };
  /** What no field by itself can say. */
  check?(attributes: A): AttributeProblem | undefined;
  /** Absent: it does nothing. */
  toFault(attributes: A): FaultPart | undefined;
  /** The attributes for a fault's parameters; absent where no toxic of this type says the same. */
  fromFault(fault: FaultPart): A | undefined;
}

/** Times in ms are cut to what a timer takes, some 24.8 days. */
export const longestMs = 2 ** 31 - 1;

export const milliseconds: AttributeField = { kind: "integer", unit: "ms", max: longestMs };

/** A parameter that is a whole number of at most `max` from 0 up, when it is one. */
export function whole(value: unknown, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max ? value : undefined;
}
