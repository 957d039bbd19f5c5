// What goes wrong. In: a code, words. Out: an error that callers are given or told of.

export class VexilError extends Error {
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "VexilError";
    this.code = code;
  }
}

/** The error itself, or one with `code` that tells of it. */
export const failure = (code, error, what) =>
  error instanceof VexilError ? error : new VexilError(code, `${what}: ${error?.message ?? error}`, error);
