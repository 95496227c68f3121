// Libraries of Java, on a JVM that has a few seconds to warm up.
import { commands } from "../foreign.mjs";

const on = ({ knobs, ...row }) => ({
  ...row, service: { env: { KNOBS: knobs } }, tags: ["java"], needs: ["java", "javac", "mvn", "maven-libraries"],
  experiment: { ...row.experiment, phases: { warmup: "4s", ...row.experiment?.phases }, services: { app: { command: commands.java } } },
});
const retries = (claims) => ({ type: "retry", proxy: "dependency", probe: "app", ...claims });
const fault = (over) => ({ faults: [{ name: "fault", proxy: "dependency", ...over }] });
const posts = { probes: { app: { method: "POST" } } };
const load = (rate) => ({ probes: { app: { load: rate } } });
const safe = { onlyMethods: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] };
const breaks = (over) => ({ type: "circuit-breaker", proxy: "dependency", probe: "app", opens: { within: "1.5s" }, whileOpen: { answersWithin: "100ms" }, trials: { every: "350ms..900ms", calls: "<= 3" }, closes: { within: "1.5s" }, ...over });

export const rows = [
  { id: "B19j", knobs: "by=resilience4j", experiment: { ...load("10/s"), phases: { warmup: "1s", before: "3s", during: "8s", after: "1s" } }, hypothesis: { type: "circuit-breaker", proxy: "dependency", probe: "app", opens: { within: "4s" } }, expect: "violated", claim: "opens.within", why: "resilience4j as it comes says nothing before 100 calls: at ten in a second it opens too late" },
  { id: "B19k", knobs: "by=resilience4j window=10 minimumCalls=10 restMs=500 permitted=3", hypothesis: breaks(), expect: "held", why: "resilience4j with a window of ten calls and three trials" },
  {
    id: "B21j", knobs: "by=resilience4j window=10 minimumCalls=10 restMs=500 permitted=10", experiment: { ...load({ rate: { before: "40/s", during: "40/s", after: "1/s" } }), phases: { after: "5s" } }, hypothesis: { type: "circuit-breaker", proxy: "dependency", probe: "app", closes: { within: "4s" } }, expect: "inconclusive",
    why: "ten results are needed to close, and five requests come",
  },
  { id: "B23j", knobs: "by=resilience4j windowS=1 minimumCalls=10 restMs=500 permitted=3", experiment: { ...load("5/s"), phases: { before: "6s", during: "8s", after: "2s" } }, hypothesis: { type: "circuit-breaker", proxy: "dependency", probe: "app", opens: { within: "4s" } }, expect: "violated", claim: "opens.within", why: "resilience4j with a window of one second that asks for ten calls, at five in a second: it never opens" },
  {
    id: "B31j", knobs: "by=hystrix restMs=500", experiment: { ...load("20/s"), phases: { during: "14s", after: "4s" } }, hypothesis: breaks({ opens: { within: "7s" }, trials: { every: "350ms..1.2s", calls: "<= 3" }, closes: { within: "2s" } }), expect: "held",
    why: "Hystrix: half of ten seconds must have failed, and it looks twice a second",
  },
  { id: "R23", knobs: "by=java.net.http", experiment: { ...fault({ type: "drop" }), ...posts }, hypothesis: retries(safe), expect: "held", why: "java.net.http repeats no POST, even on a reused connection that was closed" },
  { id: "R23b", knobs: "by=java.net.http", hypothesis: retries({ attempts: "<= 1" }), expect: "held", why: "nor what was answered with 503" },
  { id: "R25", knobs: "by=httpclient5", experiment: { ...posts, phases: { during: "5s" } }, hypothesis: retries(safe), expect: "violated", claim: "onlyMethods", why: "HttpClient 5 repeats what got 503 whatever its method" },
  { id: "R25b", knobs: "by=httpclient5", experiment: { phases: { during: "5s" } }, hypothesis: retries({ attempts: "== 2", backoff: { first: "900ms..1.3s" } }), expect: "held", why: "HttpClient 5: one retry, after a second" },
  { id: "R25c", knobs: "by=resilience4j-retry attempts=3 waitMs=200", hypothesis: retries({ attempts: "== 3", backoff: { kind: "constant", jitter: "forbidden" } }), expect: "held", why: "resilience4j's maxAttempts counts calls, not retries" },
  { id: "T23", knobs: "by=java.net.http timeoutMs=500", experiment: { ...fault({ type: "hang" }), phases: { during: "6s", after: "1s" } }, hypothesis: { type: "timeout", proxy: "dependency", givesUp: "400ms..700ms", closesConnection: true }, expect: "held", why: "java.net.http's timeout, where no head comes" },
].map(on);
