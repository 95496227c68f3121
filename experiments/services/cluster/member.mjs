// One member of a small cluster that keeps one register of keys: leader election with terms and majorities (as in Raft, §5.2, §9.6 and §6.4.1
// of Ongaro's thesis: pre-vote, a lease for the leader), and replication without a log: the leader sends the whole register, which is small.
//
// Safe because: a member gives one vote a term, and only to one whose register is as new as its own; who has heard of a leader
// within the shortest election timeout gives none, so a leader that was heard by a majority that lately is the only one (its lease);
// who has just started and remembers nothing keeps still until the votes that it may have given are long counted.

const heartbeatMs = 50;
const shortestTimeoutMs = 300;
const leaseMs = 240;
const quietMs = 1000;
const callMs = 150;

const now = () => performance.now();
const timeout = () => shortestTimeoutMs + Math.random() * shortestTimeoutMs;

export class Member {
  role = "follower";
  term = 0;
  leader;
  register = { term: 0, version: 0, values: {} };
  #id;
  #peers;
  #flaws;
  #votedFor;
  #quietUntilMs = now() + quietMs;
  #heardMs = -Infinity;
  #electedMs = -Infinity;
  #standAtMs;
  /** Writes that no majority has yet, and the latest ones, for the flaw that sends only those. */
  #waiting = new Set();
  #recent = [];

  /** `peers` are { id, url, … }; `flaws`: what is broken on purpose. */
  constructor({ id, peers, firstStandMs, flaws }) {
    this.#id = id;
    this.#flaws = flaws;
    this.#peers = peers.map((peer) => ({ ...peer, ackedMs: -Infinity, version: 0, sentVersion: 0, isFed: false, wake: () => {} }));
    this.#standAtMs = now() + firstStandMs;
    setInterval(() => this.#tick(), 20).unref();
  }

  /** Whether it may answer and write as the leader: a majority heard of it so lately that no other can have been elected. */
  get leads() {
    if (this.role !== "leader") return false;
    if (this.#flaws.lease || this.#flaws.majority) return true;
    return this.#isMajority(this.#peers.filter(({ ackedMs }) => now() - ackedMs < leaseMs).length);
  }

  /** Whether what it has is what the leader had a moment ago. */
  get isInTouch() {
    return this.leads || now() - this.#heardMs < shortestTimeoutMs;
  }

  /** Resolves with the version once a majority has it; undefined: no leader (any more), or no majority in time. */
  write(key, value) {
    if (!this.leads) return Promise.resolve(undefined);
    const { values, version } = this.register;
    this.register = { term: this.term, version: version + 1, values: { ...values, [key]: value } };
    this.#recent = [...this.#recent.slice(-99), { version: version + 1, key, value }];
    const written = this.register.version;
    return new Promise((resolve) => {
      const settle = (result) => {
        clearTimeout(late);
        this.#waiting.delete(entry);
        resolve(result);
      };
      const late = setTimeout(() => settle(undefined), 500);
      const entry = { version: written, settle };
      this.#waiting.add(entry);
      this.#settleWritten();
      for (const peer of this.#peers) peer.wake();
    });
  }

  /** A candidate asks for a vote, or whether it would get one (`pre`). */
  vote({ term, candidate, pre, register }) {
    const mine = this.register;
    const isAsNew = register.term > mine.term || (register.term === mine.term && register.version >= mine.version);
    const mayVote = now() >= this.#quietUntilMs && !this.isInTouch && isAsNew;
    if (!mayVote || term < this.term || (pre && term === this.term)) return { term: this.term, granted: false };
    if (pre) return { term: this.term, granted: true };
    if (term > this.term) this.#follow(term, undefined);
    if (this.#votedFor !== undefined && this.#votedFor !== candidate) return { term, granted: false };
    this.#votedFor = candidate;
    this.#standAtMs = now() + timeout();
    return { term, granted: true };
  }

  /** The leader is there, with its register, or with what was written last. */
  append({ term, leader, register, recent }) {
    if (term < this.term) return { term: this.term, version: this.register.version };
    this.#follow(term, leader);
    this.#heardMs = now();
    if (register !== undefined) this.register = register;
    for (const { version, key, value } of recent ?? []) {
      if (version === this.register.version + 1) this.register = { term, version, values: { ...this.register.values, [key]: value } };
    }
    return { term, version: this.register.version };
  }

  #tick() {
    // A new one has yet to be heard of.
    if (this.role === "leader" && !this.leads && now() - this.#electedMs > leaseMs) this.#follow(this.term, undefined);
    const isBarred = this.#flaws.failover && this.leader !== undefined;
    if (this.role === "follower" && now() >= this.#standAtMs && !isBarred) void this.#stand();
  }

  async #stand() {
    this.#standAtMs = now() + timeout();
    if (!this.#flaws.majority && !(await this.#isElected(this.term + 1, true))) return;
    if (this.role !== "follower" || this.isInTouch) return;
    const term = this.term + 1;
    Object.assign(this, { role: "candidate", term, leader: undefined });
    this.#votedFor = this.#id;
    const isElected = this.#flaws.majority || (await this.#isElected(term, false));
    if (this.role !== "candidate" || this.term !== term) return;
    if (!isElected) return this.#follow(term, undefined);
    Object.assign(this, { role: "leader", leader: this.#id });
    this.#electedMs = now();
    for (const peer of this.#peers) {
      Object.assign(peer, { ackedMs: -Infinity, version: 0, sentVersion: this.register.version });
      if (!peer.isFed) void this.#feed(peer);
    }
  }

  async #isElected(term, pre) {
    const { term: registerTerm, version } = this.register;
    const answers = await Promise.all(this.#peers.map((peer) => ask(peer, "/cluster/vote", { term, candidate: this.#id, pre, register: { term: registerTerm, version } })));
    const highest = Math.max(...answers.map((answer) => answer?.term ?? 0));
    if (highest > this.term) this.#follow(highest, undefined);
    return this.#isMajority(answers.filter((answer) => answer?.granted === true).length);
  }

  /** Keeps one peer up to date for as long as it leads: at each write, and at each heartbeat. */
  async #feed(peer) {
    peer.isFed = true;
    while (this.role === "leader") {
      const { term, register } = this;
      const what = this.#flaws.catchUp ? { recent: this.#recent.filter(({ version }) => version > peer.sentVersion) } : { register };
      peer.sentVersion = register.version;
      const sentMs = now();
      const answer = await ask(peer, "/cluster/append", { term, leader: this.#id, ...what });
      if (answer !== undefined && answer.term > this.term) this.#follow(answer.term, undefined);
      else if (answer !== undefined && this.role === "leader" && this.term === term) {
        Object.assign(peer, { ackedMs: sentMs, version: answer.version });
        this.#settleWritten();
      }
      if (this.register.version === register.version) await new Promise((resolve) => {
        const beat = setTimeout(resolve, heartbeatMs);
        peer.wake = () => {
          clearTimeout(beat);
          resolve();
        };
      });
    }
    peer.isFed = false;
  }

  #settleWritten() {
    for (const { version, settle } of this.#waiting) if (this.#isMajority(this.#peers.filter((peer) => peer.version >= version).length)) settle(version);
  }

  #follow(term, leader) {
    if (term > this.term) this.#votedFor = undefined;
    Object.assign(this, { role: "follower", term, leader });
    this.#standAtMs = now() + timeout();
    for (const { settle } of this.#waiting) settle(undefined);
    for (const peer of this.#peers) peer.wake();
  }

  /** Itself, and so many others. */
  #isMajority(others) {
    return 2 * (others + 1) > this.#peers.length + 1;
  }
}

/** Asks a peer; undefined when it does not answer in time. */
async function ask({ url }, path, body) {
  try {
    const response = await fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(callMs) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
