import { z } from "zod";

/** What `upstream` says of a proxy in forward mode. */
export const forward = "forward";

/** `api.example.com`, `*.internal`, `127.0.0.1:9000`, or the URL of a service; placeholders stand for what is not known yet. */
const hostPattern = /^(?:https?:\/\/)?(?:\[[\da-f:.]+\]|(?:[\w.~*-]|\$\{[^}]+\})+)(?::(?:\d{1,5}|\$\{[^}]+\}))?\/?$/i;

const host = z.string().regex(hostPattern, 'expected a host such as api.example.com, "*.internal" or 127.0.0.1:9000');

/** The hosts that a forward proxy may be told to call. */
export const hostsSchema = z.union([host.transform((one) => [one]), z.array(host).min(1)]);
