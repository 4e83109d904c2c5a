/** What became of a message, as far as the other side said. */
export interface Outcome {
  /** Null: it was taken. Else why not, for people; never with a secret in it. */
  readonly error: string | null;
  /** What the other side said, in its own words and numbers, for whoever tries a recipient out. */
  readonly said: string;
  /** It will be refused again, however often it is sent. */
  readonly isFinal: boolean;
  /** What the other side asked for. */
  readonly retryAfterMs: number | null;
}

const MAX_SAID = 500;

export function taken(said: string): Outcome {
  return { error: null, said: said.slice(0, MAX_SAID), isFinal: false, retryAfterMs: null };
}

export function refused(error: string, { said = "", isFinal = false, retryAfterMs = null }: Partial<Outcome> = {}): Outcome {
  return { error: error.slice(0, MAX_SAID), said: said.slice(0, MAX_SAID), isFinal, retryAfterMs };
}
