import type { RemoteApi } from "./api.ts";
import type { Context, Given } from "./command.ts";

/** The options by which a control API is found. */
export const remoteOptions = [
  { flags: "--api <url>", summary: "the control API (default: $CHAOS_API, $TOXIPROXY_URL, else http://127.0.0.1:8474)" },
  { flags: "--api-token <token>", summary: "its token (default: $CHAOS_API_TOKEN)" },
] as const;

export const jsonOption = { flags: "--json", summary: "as JSON, for scripts" } as const;

/** A client of the API that is named by options, else by the environment. Nothing is sent yet. Throws ChaosError `bad-api-url`. */
export function remoteOf(api: RemoteApi, { env }: Context, given: Given): InstanceType<RemoteApi["ToxiproxyClient"]> {
  const named = [given.text("api"), env["CHAOS_API"], env["TOXIPROXY_URL"]].find((text) => (text ?? "") !== "");
  const token = [given.text("api-token"), env["CHAOS_API_TOKEN"]].find((text) => (text ?? "") !== "");
  return new api.ToxiproxyClient({ url: api.readApiUrl(named ?? api.defaultApiUrl), ...(token === undefined ? {} : { token }) });
}
