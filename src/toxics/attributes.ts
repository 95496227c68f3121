import type { AttributeField, AttributeProblem, Attributes, ToxicType } from "./toxic-type.ts";

/** Attributes without a gap: plain data. */
export type CompleteAttributes = Readonly<Record<string, number | string>>;

/** The attributes of a toxic with its defaults, in the order in which they are shown; what it has no field for is left out. */
export function withDefaults({ fields }: ToxicType, given: Attributes): CompleteAttributes {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, field]): readonly (readonly [string, number | string])[] => {
    const value = given[name] ?? (field.kind === "word" ? undefined : 0);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** What is out of its range; all of it. `attributes` are complete. */
export function attributeProblems(type: ToxicType, attributes: Attributes): readonly AttributeProblem[] {
  const problems = Object.entries(type.fields).flatMap(([name, field]) => {
    const message = fieldProblem(field, attributes[name]);
    return message === undefined ? [] : [{ attribute: name, message }];
  });
  if (problems.length > 0) return problems;
  const problem = type.check?.(attributes);
  return problem === undefined ? [] : [problem];
}

function fieldProblem(field: AttributeField, value: number | string | undefined): string | undefined {
  if (field.kind === "word") return value === undefined || field.words.includes(String(value)) ? undefined : `expected ${field.words.join(" or ")}, got ${JSON.stringify(value)}`;
  const { min, max } = field.kind === "share" ? { min: 0, max: field.max ?? 1 } : { min: field.min ?? 0, max: field.max };
  const isOfKind = typeof value === "number" && (field.kind === "share" ? Number.isFinite(value) : Number.isInteger(value));
  if (isOfKind && value >= min && value <= max) return undefined;
  return `expected ${field.kind === "share" ? `a number from ${min} to ${max}` : `a whole number of ${field.unit} from ${min} to ${max}`}, got ${JSON.stringify(value) ?? "nothing"}`;
}
