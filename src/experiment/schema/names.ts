import { z } from "zod";

/** Names that stand in `${…}` and in reports. */
export const name = z.string().regex(/^[A-Za-z0-9][\w-]*$/, 'expected a name of letters, digits, "-" and "_"');

/** One name or several. */
export const names = z.union([name, z.array(name).min(1)]);
