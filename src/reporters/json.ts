import type { Reporter } from "../model/reporter.ts";
import { concludeSuite, isSingle } from "./suite.ts";

/** The report as it is (`chaos/report/1`), or several in `chaos/suite/1`. */
export const json: Reporter = {
  format: "json",
  summary: "Everything, for programs: chaos/report/1, or chaos/suite/1 for several",
  render(reports, options) {
    const value = isSingle(reports, options) ? reports[0] : { schema: "chaos/suite/1", ...concludeSuite(reports), reports };
    return `${JSON.stringify(value, undefined, 2)}\n`;
  },
};
