/**
 * What a user did wrong or the world refused, said so that it can be mended.
 * `message` names what was expected, what was got and where; `hint` says what to do.
 */
export class ChaosError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "ChaosError";
    this.code = code;
    this.hint = options.hint;
  }
}
