/** What a parser made of one message of a stream. */
export interface Message {
  /** Of a request: its method and target. Of a response: its status. */
  readonly start: string;
  /** The data of the body, without its chunks' framing; latin1. */
  readonly body: string;
  /** The last byte has come. */
  readonly done: boolean;
  /** Its bytes as they came, head and body; of our readers only. */
  readonly wire: Buffer;
  /** What follows on the connection is no more HTTP that the sender may expect to be read: a tunnel, or a request that closes. */
  readonly last: boolean;
  /** Nothing in its head could give it a body: an answer to HEAD or CONNECT, a 1xx, 204 or 304 (RFC 9112 §6.3). */
  readonly isBodiless: boolean;
  /** The statuses of the interim responses before it. */
  readonly interims: readonly string[];
}

/** What a parser made of a stream. */
export interface Reading {
  readonly messages: readonly Message[];
  /** Why it read no further. */
  readonly refusal: string | undefined;
}
