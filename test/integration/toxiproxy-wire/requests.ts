/** One request; `PORT1` and `PORT2` stand for free ports, `TAKEN` for one that is held, in path and body. */
export interface Step {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The bytes as they are, in place of all that. */
  readonly raw?: string;
}

/** Requests one after the other, on a server that has no proxies when it begins. */
export interface Scenario {
  readonly title: string;
  readonly steps: readonly Step[];
}

const post = (path: string, body?: string): Step => ({ method: "POST", path, ...(body === undefined ? {} : { body }) });
const patch = (path: string, body: string): Step => ({ method: "PATCH", path, body });
const get = (path: string): Step => ({ method: "GET", path });
const remove = (path: string): Step => ({ method: "DELETE", path });
const one = (title: string, ...steps: readonly Step[]): Scenario => ({ title, steps });

const proxyA = '{"name":"a","listen":"127.0.0.1:PORT1","upstream":"127.0.0.1:9"}';
const createA = post("/proxies", proxyA);
const everything = get("/proxies");

/** What is not JSON, or not of the shape that is wanted, wherever a body is read. */
const oddTexts: readonly string[] = [
  "", " ", "\n", "{", "}", "[", "]", "{}", "[]", "null", "true", "false", "0", "1.5", "-1", '""', '"a"', "{]", "[}", "nul", "nulll", "tru", "{,}", "{a:1}", "{'a':1}", '{"a"}', '{"a":}', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', '{"a":1 "b":2}',
  "[1,]", "[,1]", "[1 2]", "01", "1.", ".5", "+1", "1e", "--1", '"\\x"', '"\\u12"', '"\\u12zz"', '"a', '"\n"', '"\t"', "NaN", "Infinity", "undefined", "// x", "/* x */ {}", "\ufeff{}", "{}x", "{} {}", "x{}", '{"a":[[[[[[]]]]]]}', "[".repeat(11_000), `${"[".repeat(10_000)}${"]".repeat(10_000)}`,
];

const proxyBodies: readonly string[] = [
  proxyA,
  '{"name":"a","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"localhost:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":":0","upstream":"127.0.0.1:9"}',
  '{"name":"a","listen":"0.0.0.0:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"[::1]:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"[::]:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1:","upstream":"127.0.0.1:9"}',
  '{"name":"a","listen":"","upstream":"127.0.0.1:9"}', '{"name":"a","listen":null,"upstream":"127.0.0.1:9"}', '{"name":"a","listen":"localhost:PORT1","upstream":"127.0.0.1:9"}',
  '{"name":"a","listen":"nohost","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1:x","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1:http","upstream":"127.0.0.1:9"}',
  '{"name":"a","listen":"127.0.0.1:99999","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1:-1","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"::1:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"[::1:0","upstream":"127.0.0.1:9"}',
  '{"name":"a","listen":"203.0.113.7:PORT1","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"nowhere.invalid:0","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"127.0.0.1:TAKEN","upstream":"127.0.0.1:9"}', '{"name":"a","listen":"localhost:TAKEN","upstream":"127.0.0.1:9"}',
  '{"name":"a","listen":"127.0.0.1:TAKEN","upstream":"127.0.0.1:9","enabled":false}', '{"name":"a","listen":"localhost:13310","upstream":"127.0.0.1:9","enabled":false}', '{"name":"a","listen":"rubbish","upstream":"127.0.0.1:9","enabled":false}', '{"name":"a","upstream":"127.0.0.1:9","enabled":false}',
  '{"name":"a","upstream":"127.0.0.1:9","enabled":true}', '{"name":"a","upstream":"127.0.0.1:9","enabled":null}', '{"name":"a","upstream":"127.0.0.1:9","enabled":"false"}', '{"name":"a","upstream":"127.0.0.1:9","enabled":0}', '{"name":"a","upstream":"127.0.0.1:9","enabled":{}}',
  '{"name":"a"}', '{"upstream":"127.0.0.1:9"}', '{"name":"","upstream":"127.0.0.1:9"}', '{"name":"a","upstream":""}', '{"name":null,"upstream":"127.0.0.1:9"}', '{"name":"a","upstream":null}', '{"listen":"127.0.0.1:PORT1"}',
  '{"name":1,"upstream":"127.0.0.1:9"}', '{"name":"a","upstream":9}', '{"name":"a","upstream":"127.0.0.1:9","listen":1}', '{"name":["a"],"upstream":"127.0.0.1:9"}', '{"name":{"a":1},"upstream":"127.0.0.1:9"}', '{"name":true,"upstream":"127.0.0.1:9"}', '{"name":1.5,"upstream":[]}',
  '{"name":"a","upstream":"nowhere.invalid:1"}', '{"name":"a","upstream":"nonsense"}', '{"name":"a","upstream":":9"}', '{"name":"a","upstream":"127.0.0.1"}', '{"name":"a","upstream":"[::1]:9"}', '{"name":"a","upstream":"localhost:http"}',
  '{"Name":"a","Upstream":"127.0.0.1:9","Listen":"127.0.0.1:PORT1","Enabled":false}', '{"NAME":"a","UPSTREAM":"127.0.0.1:9"}', '{"nAmE":"a","uPsTrEaM":"127.0.0.1:9"}', '{"name":"a","Name":"b","upstream":"127.0.0.1:9"}', '{"Name":"b","name":"a","upstream":"127.0.0.1:9"}',
  '{"name":"a","name":null,"upstream":"127.0.0.1:9"}', '{"name":"a","upstream":"127.0.0.1:9","enabled":false,"enabled":null}', '{"name":"a","upstream":"127.0.0.1:9","enabled":false,"Enabled":true}', '{"ſ":1,"name":"a","upstream":"127.0.0.1:9","liſten":"127.0.0.1:PORT1"}',
  '{"name":"a","upstream":"127.0.0.1:9","unknown":1,"Logger":{"x":1},"more":{"deep":[1,2,{"x":null}]}}', '{"name":"a","upstream":"127.0.0.1:9"}trailing', '{"name":"a","upstream":"127.0.0.1:9"}{"name":"b","upstream":"127.0.0.1:9"}', '\n {"name":"a",\t"upstream" : "127.0.0.1:9"}\r\n',
  '{"name":"a/b","upstream":"127.0.0.1:9"}', '{"name":"a b","upstream":"127.0.0.1:9"}', '{"name":"ü<&>\'\\u2028","upstream":"127.0.0.1:9"}', '{"name":"\\u0061\\ud83d\\ude00","upstream":"127.0.0.1:9"}', '{"name":"\\ud83d","upstream":"127.0.0.1:9"}', '{"name":"__proto__","upstream":"127.0.0.1:9"}', '{"__proto__":{"name":"x"},"name":"a","upstream":"127.0.0.1:9"}',
  '{"name":"constructor","upstream":"127.0.0.1:9"}', '{"name":"10","upstream":"127.0.0.1:9"}', '{"name":"\\u0000\\u001f\\u007f\\"\\\\/","upstream":"127.0.0.1:9"}', `{"name":"${"n".repeat(5_000)}","upstream":"127.0.0.1:9"}`, '{"name":".","upstream":"127.0.0.1:9"}', '{"name":" ","upstream":"127.0.0.1:9"}',
];

const populateBodies: readonly string[] = [
  "[]", "null", "{}", "[null]", "[[]]", "[{}]", "[1]", '["a"]', `[${proxyA}]`, '[{"name":"a","upstream":"127.0.0.1:9"},{"name":"b","upstream":"127.0.0.1:9"}]', '[{"name":"b","upstream":"127.0.0.1:9"},{"name":"a","upstream":"127.0.0.1:9"}]',
  '[{"name":"a","upstream":"127.0.0.1:9"},{"upstream":"127.0.0.1:9"}]', '[{"name":"a","upstream":"127.0.0.1:9"},{"name":"b"}]', '[{"name":"a"},{"upstream":"x"}]', '[{"upstream":"x"},{"name":"a"}]', '[{"name":"a","upstream":""}]', '[{"name":"","upstream":"x"}]', '[{"name":null,"upstream":null}]',
  '[{"name":"a","upstream":"127.0.0.1:9"},{"name":"b","upstream":"127.0.0.1:9","listen":"127.0.0.1:TAKEN"},{"name":"c","upstream":"127.0.0.1:9"}]', '[{"name":"b","upstream":"127.0.0.1:9","listen":"127.0.0.1:TAKEN"}]', '[{"name":"b","upstream":"127.0.0.1:9","listen":"127.0.0.1:TAKEN","enabled":false}]', '[{"name":"b","upstream":"127.0.0.1:9","listen":"nohost"}]',
  '[{"name":"a","upstream":"127.0.0.1:9","enabled":false}]', '[{"name":"a","upstream":"127.0.0.1:9","enabled":null}]', '[{"name":"a","upstream":"127.0.0.1:9","enabled":"x"}]', '[{"name":1,"upstream":"127.0.0.1:9"}]', '[{"Name":"a","UPSTREAM":"127.0.0.1:9","Enabled":false}]',
  '[{"name":"a","upstream":"127.0.0.1:9"},1]', '[{"name":"a","upstream":"127.0.0.1:9"}', '[{"name":"a","upstream":"127.0.0.1:9"}]x', '[{"name":"a","upstream":"127.0.0.1:9","listen":"127.0.0.1:PORT1"},{"name":"a","upstream":"127.0.0.1:9","listen":"127.0.0.1:PORT2"}]',
  '[{"name":"a","upstream":"127.0.0.1:9","listen":"127.0.0.1:PORT1"},{"name":"a","upstream":"127.0.0.1:9","listen":"127.0.0.1:PORT1"}]', '[{"name":"a","upstream":"127.0.0.1:9","listen":"127.0.0.1:PORT1"},{"name":"b","upstream":"127.0.0.1:9","listen":"127.0.0.1:PORT1"}]', '"x"', "1", "true", "[", "", "{", '{"proxies":[]}',
];

const updateBodies: readonly string[] = [
  "{}", "null", '{"enabled":false}', '{"enabled":true}', '{"enabled":null}', '{"Enabled":false}', '{"enabled":"false"}', '{"enabled":1}', '{"name":"b"}', '{"name":"b","enabled":false}', '{"name":1}', '{"upstream":"127.0.0.1:10"}', '{"upstream":""}', '{"upstream":null}', '{"upstream":1}', '{"upstream":"nonsense"}',
  '{"listen":"127.0.0.1:PORT2"}', '{"listen":"127.0.0.1:PORT1"}', '{"listen":"localhost:PORT1"}', '{"listen":""}', '{"listen":null}', '{"listen":"nohost"}', '{"listen":"127.0.0.1:x"}', '{"listen":"127.0.0.1:99999"}', '{"listen":"127.0.0.1:TAKEN"}', '{"listen":"127.0.0.1:TAKEN","enabled":false}', '{"listen":"127.0.0.1:PORT2","upstream":"127.0.0.1:10","enabled":false}',
  '{"listen":1}', '{"listen":"nowhere.invalid:1"}', '{"listen":"nohost","enabled":false}', '{"toxics":[{"type":"latency"}]}', '{"LISTEN":"127.0.0.1:PORT2"}', '{"enabled":false}x', '{"enabled":false,"listen":1}', "[]", "1",
];

const types = ["latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer", "limit_data", "noop", "packet_loss", "down", "", "Latency", "LATENCY", "nope"];

const attributesOf: Readonly<Record<string, readonly string[]>> = {
  latency: ["latency", "jitter"], bandwidth: ["rate"], slow_close: ["delay"], timeout: ["timeout"], reset_peer: ["timeout"], slicer: ["average_size", "size_variation", "delay"], limit_data: ["bytes"],
};

const numbers = ["1", "100", "2147483647", "9223372036854775807", "9223372036854775808", "1e400", "1.5", "100.0", "1e3", "-1", "-0", '"100"', '""', "null", "true", "[]", "{}", "0", "1E2", "-9223372036854775809", "123456789012345678901234567890"];

/** A slicer without an average size is one that would end the real server at its first data. */
const withDefaults = (type: string, attribute: string, value: string): string => (type === "slicer" && attribute !== "average_size" ? `{"average_size":1000,"${attribute}":${value}}` : `{"${attribute}":${value}}`);

const toxicBodies: readonly string[] = [
  ...types.map((type) => `{"type":"${type}"}`),
  ...Object.entries(attributesOf).flatMap(([type, attributes]) => attributes.flatMap((attribute) => numbers.map((value) => `{"type":"${type}","attributes":${withDefaults(type, attribute, value)}}`))),
  ...["upstream", "downstream", "UPSTREAM", "Downstream", "", "sideways", "up stream", " upstream"].map((stream) => `{"type":"latency","stream":"${stream}"}`),
  ...["null", "1", "true", "[]", "{}"].map((stream) => `{"type":"latency","stream":${stream}}`),
  ...["0", "1", "0.5", "0.123456789", "1.0", "5", "-1", "1e-3", "null", '"1"', "true", "[]", "{}", "1e39", "0.1", "1e-50", "16777217", "3.4028235e38", "0.30000001192092896", "1e-7", "1e20", "1e21", "0.000001"].map((toxicity) => `{"type":"latency","toxicity":${toxicity}}`),
  ...['"x"', '""', "null", "1", "true", "[]", "{}", '"a/b"', '"ü<&>"', '"latency_downstream"'].map((name) => `{"type":"latency","name":${name}}`),
  ...["null", "1", '"x"', "[]", "true", "{}", '{"Latency":7}', '{"LATENCY":7,"jitter":null}', '{"latency":1,"Latency":2}', '{"unknown":1}', '{"latency":1,"unknown":"x"}', '{"latency":"x","jitter":1}', '{"latency":1,"latency":2}'].map((attributes) => `{"type":"latency","attributes":${attributes}}`),
  '{"TYPE":"latency","Name":"n","STREAM":"upstream","Toxicity":0.5,"Attributes":{"Latency":3}}', '{"type":"slicer","attributes":{"average_size":100,"size_variation":100}}', '{"type":"slicer","attributes":{"average_size":100,"size_variation":99,"delay":10}}', '{"type":"slicer","attributes":{"average_size":100,"size_variation":200}}',
  '{"type":"slicer","attributes":{"average_size":0}}', '{"type":1}', '{"type":null}', '{"type":["latency"]}', '{"name":"x"}', '{"type":"nope","stream":"sideways"}', '{"type":"latency","stream":"sideways","toxicity":"x"}', '{"type":"nope","attributes":{"latency":"x"}}', '{"type":"latency","attributes":{"latency":1}}trailing',
  '{"type":"latency","attributes":{"latency":1},"attributes":{"jitter":2}}', '{"attributes":{"latency":1},"type":"latency"}', '{"type":"latency","enabled":false}', '{"type":"latency","type":"bandwidth"}', '{"type":"timeout","attributes":{"latency":1}}', '{"type":"packet_loss","attributes":{"loss_rate":0.5}}',
];

const toxicUpdates: readonly string[] = [
  "{}", "null", '{"attributes":{"latency":9}}', '{"attributes":{"jitter":9}}', '{"attributes":{}}', '{"attributes":null}', '{"attributes":{"latency":null}}', '{"attributes":{"latency":"bad","jitter":9}}', '{"attributes":{"jitter":9,"latency":"bad"}}', '{"attributes":{"latency":1.5}}', '{"attributes":[]}', '{"attributes":1}', '{"attributes":"x"}',
  '{"toxicity":0.5}', '{"toxicity":0}', '{"toxicity":null}', '{"toxicity":"x"}', '{"toxicity":5}', '{"toxicity":-1}', '{"toxicity":0.5,"attributes":{"latency":9}}', '{"toxicity":0.5,"attributes":{"latency":"bad"}}', '{"toxicity":"bad","attributes":{"latency":9}}', '{"name":"other"}', '{"type":"bandwidth"}', '{"type":1}', '{"stream":"upstream"}', '{"stream":"sideways"}', '{"stream":1}', '{"name":1}',
  '{"Attributes":{"LATENCY":9},"TOXICITY":0.25}', '{"attributes":{"unknown":9}}', '{"attributes":{"latency":-5}}', '{"attributes":{"latency":9}}x', "[]", "1", '{"attributes":{"latency":9},"unknown":{}}', '{"latency":9}',
];

const oddPaths: readonly Step[] = [
  ...["/", "/nope", "/proxies/", "/proxies/a/", "/proxies/a/nope", "/proxies/a/toxics/", "/proxies/a/toxics/t/x", "/Proxies", "/version/", "/populate/x", "//proxies", "//proxies?x=1", "/proxies//a", "/proxies/../version", "/./version", "/proxies/.", "/proxies/..", "/proxies/a/../b", "/proxies/%61", "/proxies/a%2Fb", "/proxies/a%2F%2Fb", "/proxies/%2e%2e/version",
    "/proxies?x", "/proxies/a?x=%zz", "/proxies/a;b", "/proxies/a%20b", "/proxies/%C3%BC", "/proxies/%ff", "/version?x=1", "/a//b?c=d&e", "/%20//x", "/x//!*'()", "/proxies/a%3Fb", "/proxies/a+b", "/...//", "/proxies/a/toxics/nope", "/proxies/nope/toxics", "/proxies/nope/toxics/nope", "/proxies/nope"].map(get),
  ...["/proxies", "/populate", "/reset", "/proxies/a", "/proxies/a/toxics", "/proxies/a/toxics/t", "/version", "/proxies/nope", "/nope"].flatMap((path) => ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"].map((method) => ({ method, path }))),
  remove("/proxies/nope"), remove("/proxies/nope/toxics/nope"), remove("/proxies/a/toxics/nope"), post("/proxies/nope", "{}"), post("/proxies/nope", "{"), post("/proxies/nope/toxics", "{}"), post("/proxies/nope/toxics", "{"), post("/proxies/nope/toxics", '{"type":"latency"}'), post("/proxies/nope/toxics/nope", "{}"), post("/proxies/a/toxics/nope", "{}"), post("/proxies/a/toxics/nope", "{"), patch("/proxies/nope", "{}"), patch("/proxies/a/toxics/nope", "{}"),
  { ...get("/version"), headers: { "User-Agent": "Mozilla/5.0" } }, { ...get("/nope"), headers: { "User-Agent": "Mozilla/5.0" } }, { method: "PUT", path: "/version", headers: { "User-Agent": "Mozilla/5.0" } }, { ...get("/version"), headers: { "User-Agent": "mozilla/5.0" } }, { ...get("/version"), headers: { "User-Agent": "Mozilla" } },
  { ...post("/proxies", '{"name":"z","upstream":"127.0.0.1:9"}'), headers: { "User-Agent": "Mozilla/5.0" } },
  { ...post("/proxies", '{"name":"y","upstream":"127.0.0.1:9","enabled":false}'), headers: { "Content-Type": "text/html" } }, { ...post("/proxies", '{"name":"x","upstream":"127.0.0.1:9","enabled":false}'), headers: { "Content-Type": "application/json", Accept: "text/html" } },
  post("/reset"), post("/reset", "rubbish"), post("/reset", "{}"), get("/version"),
  ...["GET /version HTTP/1.0\r\n\r\n", "GET http://localhost/version HTTP/1.1\r\nHost: x\r\n\r\n", "GET /version HTTP/1.1\r\nHost: \r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /version HTTP/1.1\r\n\r\n", "garbage\r\n\r\n", "GET version HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /version HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /proxies#x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "FOO /version HTTP/1.1\r\nHost: localhost\r\n\r\n", "FOO /nope HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /version HTTP/2.0\r\nHost: localhost\r\n\r\n", "POST /reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST /proxies HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", "POST /proxies HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "GET /proxies/\u00c3\u00bc HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", "POST /reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", "GET /version HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\n\r\n", "GET  /version HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /version HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n"].map((raw) => ({ method: "RAW", path: "", raw })),
];

/** No path holds such a name, so the proxy cannot be removed: these come last. */
function isStuck(body: string): boolean {
  return /"name":"(a\/b|\.|\\u0000[^,]*)"/.test(body);
}

const latencyT = post("/proxies/a/toxics", '{"name":"t","type":"latency","attributes":{"latency":1,"jitter":2}}');

/** Several hundred requests: every endpoint, with what is good, malformed, of another type, absent, in other letters, unknown and given twice. */
export const scenarios: readonly Scenario[] = [
  ...[...new Set([...oddTexts, ...proxyBodies])].filter((body) => !isStuck(body)).map((body) => one(`create ${body}`, post("/proxies", body), everything)),
  ...[...new Set([...oddTexts.slice(0, 30), ...populateBodies])].map((body) => one(`populate ${body}`, post("/populate", body), everything)),
  ...populateBodies.filter((body) => body.includes('"a"')).map((body) => one(`populate over a ${body}`, createA, latencyT, post("/populate", body), everything)),
  ...[...new Set([...oddTexts.slice(0, 30), ...updateBodies])].flatMap((body) => [one(`update ${body}`, createA, latencyT, post("/proxies/a", body), everything), one(`update disabled ${body}`, createA, post("/proxies/a", '{"enabled":false}'), patch("/proxies/a", body), everything)]),
  ...[...new Set([...oddTexts.slice(0, 30), ...toxicBodies])].map((body) => one(`toxic ${body}`, createA, post("/proxies/a/toxics", body), get("/proxies/a/toxics"))),
  ...[...new Set([...oddTexts.slice(0, 30), ...toxicUpdates])].map((body) => one(`update toxic ${body}`, createA, latencyT, post("/proxies/a/toxics/t", body), patch("/proxies/a/toxics/t", body), get("/proxies/a"))),
  ...oddPaths.map((step) => one(`path ${step.raw ?? `${step.method} ${step.path} ${step.body ?? ""} ${JSON.stringify(step.headers ?? {})}`}`, createA, latencyT, step, everything)),
  one("twice the same", createA, createA, everything),
  one("the same name on another port", createA, post("/proxies", '{"name":"a","listen":"127.0.0.1:PORT2","upstream":"127.0.0.1:10"}'), everything),
  one("another name on the same port", createA, post("/proxies", '{"name":"b","listen":"127.0.0.1:PORT1","upstream":"127.0.0.1:9"}'), everything),
  one("another name on the same port, disabled, enabled later", createA, post("/proxies", '{"name":"b","listen":"127.0.0.1:PORT1","upstream":"127.0.0.1:9","enabled":false}'), post("/proxies/b", '{"enabled":true}'), everything, post("/reset"), everything, remove("/proxies/a"), post("/reset"), everything),
  one("names sort", ...["b", "a", "B", "10", "9", "ü", "a1", "_"].map((name) => post("/proxies", `{"name":"${name}","upstream":"127.0.0.1:9","enabled":false}`)), everything),
  one("removed and made again", createA, remove("/proxies/a"), get("/proxies/a"), remove("/proxies/a"), createA, everything),
  one("toxics in order", createA, ...["upstream", "downstream", "upstream", "downstream"].map((stream, i) => post("/proxies/a/toxics", `{"name":"t${i}","type":"latency","stream":"${stream}"}`)), get("/proxies/a/toxics"), remove("/proxies/a/toxics/t0"), post("/proxies/a/toxics", '{"name":"t0","type":"bandwidth","stream":"upstream","attributes":{"rate":1}}'), get("/proxies/a/toxics"), get("/proxies/a/toxics/t0"), get("/proxies/a/toxics/T0")),
  one("a toxic's name is one in both directions", createA, post("/proxies/a/toxics", '{"name":"t","type":"latency","stream":"upstream"}'), post("/proxies/a/toxics", '{"name":"t","type":"latency","stream":"downstream"}'), post("/proxies/a/toxics", '{"name":"t","type":"nope"}'), post("/proxies/a/toxics", '{"name":"t","type":"latency","attributes":{"latency":"x"}}'), get("/proxies/a/toxics")),
  one("toxics without names", createA, post("/proxies/a/toxics", '{"type":"latency"}'), post("/proxies/a/toxics", '{"type":"latency"}'), post("/proxies/a/toxics", '{"type":"latency","stream":"upstream"}'), post("/proxies/a/toxics", '{"type":"latency","stream":"UPSTREAM"}'), post("/proxies/a/toxics", '{"type":"latency","stream":"Upstream","name":"other"}'), get("/proxies/a/toxics")),
  one("reset takes toxics away and enables", createA, latencyT, post("/proxies/a", '{"enabled":false}'), post("/reset"), everything, post("/proxies/a/toxics", '{"type":"timeout"}'), post("/reset"), get("/proxies/a/toxics")),
  one("toxics survive disabling and a change of upstream", createA, latencyT, post("/proxies/a", '{"enabled":false}'), get("/proxies/a"), post("/proxies/a/toxics", '{"type":"bandwidth","attributes":{"rate":3}}'), post("/proxies/a", '{"enabled":true}'), post("/proxies/a", '{"upstream":"127.0.0.1:10"}'), post("/proxies/a", '{"listen":"127.0.0.1:PORT2"}'), everything),
  one("populate leaves what is as it was", post("/populate", `[${proxyA}]`), latencyT, post("/proxies/a", '{"enabled":false}'), post("/populate", `[${proxyA}]`), everything, post("/populate", '[{"name":"a","listen":"127.0.0.1:PORT1","upstream":"127.0.0.1:10"}]'), everything, post("/populate", '[{"name":"b","listen":"127.0.0.1:PORT2","upstream":"127.0.0.1:10"}]'), everything),
  one("populate of localhost", post("/populate", '[{"name":"a","listen":"localhost:PORT1","upstream":"127.0.0.1:9"}]'), latencyT, post("/populate", '[{"name":"a","listen":"localhost:PORT1","upstream":"127.0.0.1:9"}]'), everything, post("/populate", '[{"name":"a","listen":"localhost:0","upstream":"127.0.0.1:9"}]')),
  one("a proxy that could not listen is not there", post("/proxies", '{"name":"a","listen":"127.0.0.1:TAKEN","upstream":"127.0.0.1:9"}'), get("/proxies/a"), everything, createA, post("/proxies/a", '{"listen":"127.0.0.1:TAKEN"}'), get("/proxies/a"), post("/proxies/a", '{"enabled":true}'), get("/proxies/a")),
  ...proxyBodies.filter(isStuck).map((body) => one(`create ${body}`, post("/proxies", body), everything)),
];
