import type { Chunk, Stage } from "./stage.ts";

/** What a chunk counts for beside its bytes, so that a million one-byte chunks are bounded too. */
const chunkWeight = 256;

interface Place {
  readonly stage: Stage;
  leaving: boolean;
}

const none: readonly Place[] = [];

/**
 * One direction of a connection: chunks go through a list of stages that can change while they flow, and out.
 * A new stage goes to the end of the list; a leaving one stays until it holds nothing. So order is kept whatever comes and goes.
 */
export class Line {
  readonly #out: (chunk: Chunk) => void;
  readonly #eased: () => void;
  #places: readonly Place[] = none;
  #heldWeight = 0;
  #dropped = false;

  /** `out` gets every chunk that was taken, once, in order, but for what is lost on its way: then less is held, and `eased` is told. */
  constructor(out: (chunk: Chunk) => void, eased: () => void = () => undefined) {
    this.#out = out;
    this.#eased = eased;
  }

  /** Nothing acts on this direction: bytes may go past it. */
  get open(): boolean {
    return this.#places.length === 0;
  }

  /** Bytes held by all stages, with something for each chunk. */
  get heldWeight(): number {
    return this.#heldWeight;
  }

  take(chunk: Chunk): void {
    if (this.#dropped) return;
    this.#heldWeight += weight(chunk);
    this.#pass(0, chunk);
  }

  /** `make` is given what the stage is to call with each chunk that it lets through, and with `more` when that is a piece of one it still holds. */
  add<S extends Stage>(make: (give: (chunk: Chunk, more?: boolean) => void) => S): S {
    const stage: S = make((chunk, more = false) => this.#leave(stage, chunk, more));
    if (!this.#dropped) this.#places = [...this.#places, { stage, leaving: false }];
    return stage;
  }

  /** A stage takes the place of another, and gets what that holds; what comes goes to it from now on. */
  replace<S extends Stage>(old: Stage, make: (give: (chunk: Chunk, more?: boolean) => void) => S): S {
    const stage: S = make((chunk, more = false) => this.#leave(stage, chunk, more));
    const index = this.#places.findIndex((place) => place.stage === old);
    const place = this.#places[index];
    if (place === undefined) return stage;
    place.leaving = true;
    this.#places = this.#places.toSpliced(index + 1, 0, { stage, leaving: false });
    old.handOver();
    this.#removeIfDone(place);
    return stage;
  }

  /** What a stage was given is lost in it. */
  lost(chunk: Chunk): void {
    this.#heldWeight -= weight(chunk);
    this.#eased();
  }

  /** The stage lets go of what it holds, when due or `now`, and is gone when it holds nothing. */
  remove(stage: Stage, now: boolean): void {
    const place = this.#places.find((place) => place.stage === stage);
    if (place === undefined) return;
    place.leaving = true;
    stage.letGo(now);
    this.#removeIfDone(place);
  }

  /** What is held is forgotten; what comes goes through the stages as before. */
  empty(): void {
    for (const { stage } of this.#places) stage.drop();
    this.#places = this.#places.filter(({ leaving }) => !leaving);
    this.#heldWeight = 0;
  }

  /** The connection is gone: nothing is given out any more. */
  drop(): void {
    this.#dropped = true;
    for (const { stage } of this.#places) stage.drop();
    this.#places = none;
    this.#heldWeight = 0;
  }

  #pass(index: number, chunk: Chunk): void {
    const place = this.#places[index];
    if (place !== undefined) {
      place.stage.take(chunk);
      return;
    }
    this.#heldWeight -= weight(chunk);
    this.#out(chunk);
  }

  #leave(stage: Stage, chunk: Chunk, more: boolean): void {
    if (this.#dropped) return;
    // There is one chunk more than was taken.
    if (more) this.#heldWeight += chunkWeight;
    const index = this.#places.findIndex((place) => place.stage === stage);
    this.#pass(index + 1, chunk);
    const place = this.#places[index];
    if (place?.stage === stage) this.#removeIfDone(place);
  }

  #removeIfDone(place: Place): void {
    if (place.leaving && place.stage.idle) this.#places = this.#places.filter((other) => other !== place);
  }
}

function weight(chunk: Chunk): number {
  return chunkWeight + ("bytes" in chunk ? chunk.bytes.byteLength : 0);
}
