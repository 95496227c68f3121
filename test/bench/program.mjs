/** The child's end of processes.mjs. */

/** What the parent said this program is to be. */
export const argument = JSON.parse(process.argv[2] ?? "{}");

/** Says that the program is ready, answers each request of the parent, and ends with it. Without such a parent it does nothing. */
export function serve(hello, answer = async () => ({})) {
  if (process.send === undefined) return;
  process.on("disconnect", () => process.exit());
  process.on("message", async (request) => process.send(await answer(request)));
  process.send(hello);
}
