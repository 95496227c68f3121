/** A process with nothing in it but what every program here has. */
import { serve } from "./program.mjs";

serve({});
setInterval(() => undefined, 60_000);
