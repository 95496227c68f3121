import { ChaosError } from "../../model/error.ts";

export const defaultApiUrl = "http://127.0.0.1:8474";

/** A control API's address as people write it: a URL, `host:port`, `host`, `:port` or a port. Throws ChaosError `bad-api-url`. */
export function readApiUrl(text: string): URL {
  const written = text.trim().replace(/^(?=:?\d+$):?/, "127.0.0.1:");
  const full = /^[a-z][a-z+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw new ChaosError("bad-api-url", `expected the address of a control API, got "${text}"`, { hint: `such as ${defaultApiUrl} or 10.0.0.7:8474` });
  }
  // The port that servers of this API have, unless a URL says otherwise by its scheme.
  if (url.port === "" && full !== written && !/:\d+$/.test(written)) url.port = "8474";
  url.hash = "";
  url.search = "";
  return url;
}
