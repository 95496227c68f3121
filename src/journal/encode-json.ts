/** What stands before a field: its name, with a comma or as the first; and whether its number is a time. */
interface Name {
  readonly first: string;
  readonly next: string;
  readonly isTime: boolean;
}

const names = new Map<string, Name>();
/** Decimals of thousandths, without zeros at their end. */
const decimals = Array.from({ length: 1000 }, (_, n) => (n === 0 ? "" : `.${String(n).padStart(3, "0").replace(/0+$/, "")}`));
const needsNoEscape = /^[ !#-[\]-~]*$/;

/**
 * JSON of plain data, as JSON.stringify gives it, with times (fields whose name ends with Ms) rounded to three decimals (1 µs).
 * Half the cost of a rounded copy and JSON.stringify: 1 µs for a record of an exchange instead of 2.
 */
export function encodeJson(value: unknown): string {
  return encodeValue(value, false) ?? "null";
}

/** Absent for what JSON has no form of. */
function encodeValue(value: unknown, isTime: boolean): string | undefined {
  switch (typeof value) {
    case "string":
      return needsNoEscape.test(value) ? `"${value}"` : JSON.stringify(value);
    case "number":
      return isTime ? encodeTime(value) : Number.isFinite(value) ? String(value) : "null";
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? encodeList(value) : encodeObject(value);
    default:
      return undefined;
  }
}

function encodeTime(value: number): string {
  const thousandths = Math.round(value * 1000);
  if (!(thousandths >= 0 && thousandths <= Number.MAX_SAFE_INTEGER)) return JSON.stringify(thousandths / 1000);
  const whole = Math.floor(thousandths / 1000);
  return `${whole}${decimals[thousandths - whole * 1000] ?? ""}`;
}

function encodeList(items: readonly unknown[]): string {
  return `[${items.map((item) => encodeValue(item, false) ?? "null").join(",")}]`;
}

function encodeObject(fields: object): string {
  let json = "";
  for (const [field, value] of Object.entries(fields)) {
    const name = nameOf(field);
    const encoded = encodeValue(value, name.isTime);
    if (encoded !== undefined) json += (json === "" ? name.first : name.next) + encoded;
  }
  return json === "" ? "{}" : `${json}}`;
}

function nameOf(field: string): Name {
  const known = names.get(field);
  if (known !== undefined) return known;
  const quoted = JSON.stringify(field);
  const name = { first: `{${quoted}:`, next: `,${quoted}:`, isTime: field.endsWith("Ms") };
  // Fields are few; names that come from users, such as those of probes, are not kept without end.
  if (names.size < 1000) names.set(field, name);
  return name;
}
