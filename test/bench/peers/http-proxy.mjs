/** The package http-proxy 1.18.1; with `keepAlive` through an agent that keeps its connections to upstream, which is not its default. */
import { Agent, createServer } from "node:http";
import httpProxy from "http-proxy-1";
import { argument, serve } from "../program.mjs";

const { upstreamPort, keepAlive } = argument;
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${upstreamPort}`, ...(keepAlive ? { agent: new Agent({ keepAlive: true, maxSockets: 256 }) } : {}) });
proxy.on("error", (error, _request, response) => response.writeHead?.(502).end(String(error)));
const server = createServer((request, response) => proxy.web(request, response));
server.listen(0, "127.0.0.1", () => serve({ port: server.address().port }));
