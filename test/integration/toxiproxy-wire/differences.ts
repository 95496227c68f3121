/** What one server answered to one step, its ports put into words. */
export interface Answered {
  readonly status: number;
  readonly type?: string;
  readonly nosniff: boolean;
  /** It had a request id of 20 characters. */
  readonly id: boolean;
  readonly location?: string;
  readonly body: string;
}

/** One step of a scenario, as both answered it. */
export interface Seen {
  readonly scenario: string;
  /** Method and path, or the first line as it was sent. */
  readonly step: string;
  readonly real: Answered;
  readonly ours: Answered;
}

/** Where chaos answers otherwise on purpose. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  readonly is: (seen: Seen) => boolean;
}

export const differences: readonly Difference[] = [
  {
    what: "populate answers a list of proxies where it made none",
    why: "Toxiproxy says null, over which its own Node client fails to iterate",
    is: ({ step, real, ours }) => step === "POST /populate" && real.body.replace('"proxies":null', '"proxies":[]') === ours.body && isSame(real, ours),
  },
  {
    what: "populate shows a proxy that a later entry of the same list replaced as it was when it was made",
    why: "Toxiproxy shows it stopped by then; both serve the later one",
    is: ({ step, real, ours }) => step === "POST /populate" && real.status === 201 && /"name":"a".*"name":"a"/.test(real.body) && real.body.replace('"enabled":false', '"enabled":true') === ours.body,
  },
  {
    what: "attributes out of their range are refused, and nothing is applied",
    why: "Toxiproxy stores them, and some end its process at the first data: a bandwidth below 0, a slicer without a size, a jitter beyond 2^62",
    is: ({ step, real, ours }) => /toxics/.test(step) && real.status === 200 && ours.status === 400 && /^\{"error":"bad request body: (\w+: )?expected |size_variation/.test(ours.body),
  },
  {
    what: "a toxicity beyond 0 to 1 is refused",
    why: "it is a share",
    is: ({ step, real, ours }) => /toxics/.test(step) && real.status === 200 && ours.status === 400 && /toxicity/.test(ours.body),
  },
  {
    what: "whole numbers may be written as floats: 100.0, 1e3",
    why: "clients in languages without integers write them so; Toxiproxy refuses them",
    is: ({ step, real, ours }) => /toxics/.test(step) && real.status === 400 && /cannot unmarshal number (100\.0|1e3|1E2) /.test(real.body) && ours.status === 200,
  },
  {
    what: "a number beyond 64 bits is told by the range of its attribute",
    why: "the range is what helps",
    is: ({ step, real, ours }) => /toxics/.test(step) && real.status === 400 && ours.status === 400 && /cannot unmarshal number -?\d{18,} /.test(real.body) && / from -?\d+ to \d+/.test(ours.body),
  },
  {
    what: "further types of toxics: packet_loss, and every fault of chaos",
    why: "packet_loss came to Toxiproxy after 2.12; down, http_error and the others are ours",
    is: ({ scenario, step, real, ours }) => /"type":"(packet_loss|down)"/.test(scenario) && (real.status === 400 ? /invalid toxic type/.test(real.body) && ours.status === 200 : step === "GET /proxies/a/toxics"),
  },
  {
    what: "what is refused with 400 changes nothing",
    why: "Toxiproxy applies what it had read before it met the mistake",
    is: ({ scenario, step, real, ours }) => /^update toxic .*"bad"/.test(scenario) && step === "GET /proxies/a" && isSame(real, ours) && ours.body.includes('"attributes":{"latency":1,"jitter":2}'),
  },
  {
    what: "what follows a change that only Toxiproxy took shows it there only",
    why: "it follows from the ranges above",
    is: ({ scenario, step, real, ours }) => /^(update )?toxic /.test(scenario) && step.startsWith("GET ") && isSame(real, ours) && (/"(type|toxicity|attributes)":/.test(scenario)) && outOfRange(scenario),
  },
  {
    what: "a proxy that cannot listen where it is moved to stays where it was, with its connections",
    why: "Toxiproxy leaves it stopped, at the address that it could not have",
    is: ({ scenario, real, ours }) => (scenario === 'update {"listen":"127.0.0.1:TAKEN"}' || scenario === "a proxy that could not listen is not there") && real.body.includes("127.0.0.1:TAKEN") && ours.body.includes("127.0.0.1:PORT1"),
  },
  {
    what: "ports are numbers, not names of services",
    why: "what http means depends on a file of the machine",
    is: ({ scenario, step, ours }) => scenario.includes('"127.0.0.1:http"') && (ours.body.includes("unknown port") || step === "GET /proxies"),
  },
  {
    what: "the field of a message names no struct that was embedded",
    why: "Go does since 1.24; the builds of Toxiproxy that are published are older",
    is: ({ real, ours }) => isSame(real, ours) && real.body.replace("struct field .Proxy.", "struct field .").replace('"proxies":null', '"proxies":[]') === ours.body,
  },
  {
    what: "a slicer's attributes are said to be of type int64, as all others are",
    why: "to Toxiproxy they are int, which is the same on the machines that it is built for",
    is: ({ real, ours }) => isSame(real, ours) && real.body.replace("of type int\"", "of type int64\"") === ours.body,
  },
  {
    what: "arrays in one another some ten thousand deep are refused a little earlier, in fewer words",
    why: "no client sends any",
    is: ({ scenario, ours }) => scenario.includes("[".repeat(9_000)) && ours.status === 400 && ours.body.includes("exceeded max depth"),
  },
  {
    what: "a long s in a key is no s",
    why: "Go's case-insensitive match folds further than letters that keys are made of",
    is: ({ scenario }) => scenario.includes("li\u017ften"),
  },
  {
    what: "of attributes given twice the last count",
    why: "Toxiproxy merges them; no client sends two",
    is: ({ scenario }) => scenario.includes('"attributes":{"latency":1},"attributes":{"jitter":2}'),
  },
  {
    what: "a request whose method Node's parser does not know is no HTTP: 400",
    why: "Go takes any word; no client sends one",
    is: ({ step, ours }) => step.startsWith("FOO ") && ours.status === 400,
  },
  {
    what: "a path is percent-encoded beyond ASCII, else 400",
    why: "Node's parser is strict (RFC 9112 §3.2), Go's is not",
    is: ({ step, ours }) => step.startsWith("GET /proxies/\u00c3") && ours.status === 400,
  },
  {
    what: "the words behind 400 where a header has no name",
    why: "Node's parser has others",
    is: ({ real, ours }) => real.body === "400 Bad Request: invalid header name" && ours.status === 400,
  },
  {
    what: "two spaces before the target",
    why: "Node's parser takes them as one",
    is: ({ step, real, ours }) => step.startsWith("GET  /version") && real.status === 400 && ours.status === 200,
  },
];

/** Where chaos is as Toxiproxy is since 2.12, and an older one was not. */
export const sinceOlder: readonly Difference[] = [
  {
    what: "the version is JSON",
    why: "since 2.6",
    is: ({ step, real, ours }) => /\/version/.test(step) && real.status === 200 && ours.body === '{"version": "2.12.0"}\n',
  },
  {
    what: "what a proxy is to listen on is resolved before it is compared with where it does",
    why: "since 2.12: the same address, written otherwise, changes nothing, and one that is none is refused before the proxy is stopped",
    is: ({ scenario, step }) => /proxies|populate/.test(step) && /^(update|populate (over|leaves|of)) ?/.test(scenario),
  },
];

/** Whether a scenario asks for what only Toxiproxy takes, or only chaos. */
function outOfRange(scenario: string): boolean {
  return /:(-\d|-0|0\}|null\}|\d{16,}|100\.0|1e3|1E2|5\}|200\}|2147483647\}|1e20|1e21|3\.4|16777217)/.test(scenario) || /"type":"slicer"\}/.test(scenario);
}

function isSame(real: Answered, ours: Answered): boolean {
  return real.status === ours.status && real.type === ours.type && real.nosniff === ours.nosniff && real.id === ours.id && real.location === ours.location;
}
