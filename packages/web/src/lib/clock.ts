/** Times as people read them, in the viewer's zone unless another one is named. */

/** `Nov 22`, `9:51 AM`, … of one zone. Formatters are made once: making one costs more than using it a hundred times. */
export class Clock {
  readonly #time: Intl.DateTimeFormat;
  readonly #millis: Intl.DateTimeFormat;
  readonly #dayTime: Intl.DateTimeFormat;
  readonly #exact: Intl.DateTimeFormat;
  readonly #parts: Intl.DateTimeFormat;
  readonly zone: string;

  /** `zone`: an IANA name; the viewer's own if left out. */
  constructor(zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone) {
    this.zone = zone;
    const base = { timeZone: zone, hour: "numeric", minute: "2-digit" } as const;
    const day = { month: "short", day: "numeric" } as const;
    this.#time = new Intl.DateTimeFormat("en-US", base);
    this.#millis = new Intl.DateTimeFormat("en-US", { ...base, second: "2-digit", fractionalSecondDigits: 3 });
    this.#dayTime = new Intl.DateTimeFormat("en-US", { ...base, ...day });
    this.#exact = new Intl.DateTimeFormat("en-US", {
      ...base,
      ...day,
      weekday: "short",
      year: "numeric",
      second: "2-digit",
      fractionalSecondDigits: 3,
      timeZoneName: "short",
    });
    this.#parts = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  /** `9:51 AM` */
  time(ms: number): string {
    return plainSpaces(this.#time.format(ms));
  }

  /** `9:51:07.123 AM` */
  timeWithMillis(ms: number): string {
    return plainSpaces(this.#millis.format(ms));
  }

  /** `Nov 22, 9:51 AM` */
  dayAndTime(ms: number): string {
    return plainSpaces(this.#dayTime.format(ms));
  }

  /** `Sun, Nov 22, 2026, 9:51:00.123 AM UTC` */
  exact(ms: number): string {
    return plainSpaces(this.#exact.format(ms));
  }

  /** `2026-11-22T09:51:07`: what `<input type="datetime-local">` takes. The first ten characters are the day. */
  inputText(ms: number): string {
    const { year, month, day, hour, minute, second } = Object.fromEntries(
      this.#parts.formatToParts(ms).map(({ type, value }) => [type, value]),
    );
    return `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  }

  /** What such an input holds, or null if it is empty or half filled in. An hour that the zone leaves out or has twice is the later one. */
  inputMs(text: string): number | null {
    const asUtc = text === "" ? Number.NaN : Date.parse(`${text}Z`);
    if (Number.isNaN(asUtc)) return null;
    const offsetAt = (ms: number) => Date.parse(`${this.inputText(ms)}Z`) - Math.floor(ms / 1000) * 1000;
    // The offset an hour or so before or after may be another one: the second look is at the right place.
    const guess = asUtc - offsetAt(asUtc);
    return asUtc - offsetAt(guess);
  }

  /** Are these on one day of the zone? */
  sameDay(oneMs: number, otherMs: number): boolean {
    return this.inputText(oneMs).slice(0, 10) === this.inputText(otherMs).slice(0, 10);
  }
}

/** Newer ICU data puts a narrow no-break space before AM and PM, which no one can search for. */
function plainSpaces(text: string): string {
  return text.replaceAll(/[\u202f\u00a0]/g, " ");
}
