/** Times as people read them, in the viewer's zone unless another one is named. */

/** `Nov 22`, `9:51 AM`, … of one zone. Formatters are made once: making one costs more than using it a hundred times. */
export class Clock {
  readonly #time: Intl.DateTimeFormat;
  readonly #millis: Intl.DateTimeFormat;
  readonly #dayTime: Intl.DateTimeFormat;
  readonly #exact: Intl.DateTimeFormat;
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
}

/** Newer ICU data puts a narrow no-break space before AM and PM, which no one can search for. */
function plainSpaces(text: string): string {
  return text.replaceAll(/[\u202f\u00a0]/g, " ");
}

/** The clock of the person who looks at the page. */
export const viewerClock = new Clock();
