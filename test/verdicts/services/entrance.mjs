// In front of the replicas of a row: passes each request on to one of TARGETS in turn, with its headers.
import { Agent, request as httpRequest } from "node:http";
import { send, serve } from "./http.mjs";

const targets = process.env.TARGETS.split(",");
const agent = new Agent({ keepAlive: true });
let turn = 0;

serve((request, response, url) => {
  const target = targets[turn++ % targets.length];
  const onward = httpRequest(`${target}${url.pathname}${url.search}`, { method: request.method, headers: request.headers, agent }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", (error) => send(response, 502, { error: error.message }));
  response.on("close", () => onward.destroy());
  request.pipe(onward);
});
