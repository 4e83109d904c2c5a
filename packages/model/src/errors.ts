/** The base of every error that we throw: a stable code, data a program can read, a sentence a person can act on. */
export interface ErrorData {
  readonly code: string;
}

export class FlowtrailError<D extends ErrorData = ErrorData> extends Error {
  readonly data: D;

  constructor(data: D, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.data = data;
    this.name = new.target.name;
  }

  get code(): D["code"] {
    return this.data.code;
  }
}

/** Bytes that are not what they claim to be. Decoders throw this and nothing else. */
export class DecodeError extends FlowtrailError<{ code: "DECODE"; what: string; offset: number }> {
  constructor(what: string, offset: number, message: string, options?: { cause?: unknown }) {
    super({ code: "DECODE", what, offset }, `${what}: ${message}${offset >= 0 ? ` (at byte ${offset})` : ""}`, options);
  }
}
