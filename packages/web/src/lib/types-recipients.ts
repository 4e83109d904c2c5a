/** Recipients of alerts, as the API tells them. */

export interface Recipient {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of those that are set; what they are is not told. */
  readonly secrets: Readonly<Record<string, boolean>>;
  readonly status: RecipientStatus;
  readonly changed: string;
  readonly who: string;
}

export interface RecipientStatus {
  /** RFC 3339; null: never. */
  readonly last_sent: string | null;
  readonly last_error: { readonly time: string; readonly message: string } | null;
  /** To be told still. */
  readonly waiting: number;
  /** Given up, until somebody says otherwise. */
  readonly parked: number;
}

export interface RecipientTest {
  readonly ok: boolean;
  readonly error: string | null;
  /** What the other side said. */
  readonly said: string;
}

/** One thing that it could not be told. */
export interface Undelivered {
  readonly id: string;
  readonly summary: string;
  readonly state: "waiting" | "parked";
  readonly created: string;
  readonly attempts: number;
  readonly error: string | null;
}
