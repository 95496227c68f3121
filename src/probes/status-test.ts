import { z } from "zod";

const oneStatus = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5](\d\d(-[1-5]\d\d)?|xx)$/i, 'expected a status like 200, "200-299" or "2xx"')]);

/** `200`, `"200-299"`, `"2xx"`, or a list of these. */
export const statusTest = z.union([oneStatus, z.array(oneStatus).min(1)]).meta({ description: 'a status: 200, "200-299", "2xx", or a list of these' });
export type StatusTest = z.infer<typeof statusTest>;

export function hasStatus(test: StatusTest, status: number): boolean {
  return listOf(test).some((one) => {
    if (typeof one === "number") return status === one;
    const [from = "", to = from] = /x/i.test(one) ? [`${one.charAt(0)}00`, `${one.charAt(0)}99`] : one.split("-");
    return status >= Number(from) && status <= Number(to);
  });
}

export function explainStatus(test: StatusTest): string {
  return `status ${listOf(test).join(" or ")}`;
}

function listOf(test: StatusTest): readonly (number | string)[] {
  return typeof test === "object" ? test : [test];
}
