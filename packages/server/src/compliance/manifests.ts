/** Signs each day that is over, and notes why a signed one is another one now. By one of several servers: whoever holds the lease. */
import type { ClickHouse } from "../store/clickhouse.ts";
import type { Lease } from "../store/leases.ts";
import type { Logger } from "../store/logger.ts";
import { ManifestLog } from "../store/manifest-log.ts";
import { judge } from "./judge.ts";
import {
  type Manifest,
  manifestHash,
  rowsOf,
  type SignedManifest,
  type Slice,
  signed,
  slicesHash,
  toldManifest,
} from "./manifest.ts";
import { DAY_MS, dayMs, dayOf, measure, oldestDay, sumsOf, touchedDays } from "./measure.ts";
import { Removals } from "./removals.ts";
import { needSigningKey, readSigningKey } from "./signing-key.ts";
import { type DayNow, daysBetween, type Verification, verifyDays } from "./verify.ts";

export interface ManifestsConfig {
  readonly keyFile: string;
  /** After the end of a day, until it is signed. */
  readonly settleMs: number;
}

export interface ManifestsDeps {
  readonly clickhouse: Pick<ClickHouse, "rows" | "insert">;
  readonly lease: Lease;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Also where servers never run for long; by then they have begun to do their work. */
const FIRST_LOOK_MS = 60_000;
const LOOK_MS = 600_000;
/** What was received longer ago is in the store, or was never acknowledged. */
const ON_ITS_WAY_MS = 300_000;
/** A day without a manifest is no fault until then: the server may be down, or have many to make. */
const GRACE_MS = 2 * 3_600_000;
/** Of all that is stored when the first manifest is made. */
const MOST_DAYS_BACK = 400;

export class Manifests {
  readonly #config: ManifestsConfig;
  readonly #deps: ManifestsDeps;
  readonly #log: ManifestLog;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(config: ManifestsConfig, deps: ManifestsDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#log = new ManifestLog(deps.clickhouse);
  }

  start(): void {
    this.#plan(FIRST_LOOK_MS);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stopping.abort();
    await this.#running;
  }

  /** All that are stored, in their order. @throws StoreError */
  async all(): Promise<SignedManifest[]> {
    return (await this.#log.all()).map(toldManifest);
  }

  /** PEM; null: nothing was signed yet. @throws ComplianceError */
  get publicKey(): string | null {
    return readSigningKey(this.#config.keyFile)?.publicKey ?? null;
  }

  /** One look: signs what is due. @throws StoreError, ComplianceError */
  async round(): Promise<void> {
    const { lease, clickhouse } = this.#deps;
    if (!lease.isMine) return;
    const made = await this.all();
    const next = await this.#nextDay(made);
    if (next === null || next > this.#lastOver(0)) return;
    if (made.length > 0) await this.#amend(made);
    for (const day of daysBetween(next, this.#lastOver(0))) {
      if (!lease.isMine || this.#stopping.signal.aborted) return;
      const untilMs = this.#deps.now() - ON_ITS_WAY_MS;
      const { before } = await measure(clickhouse, day, untilMs, this.#stopping.signal);
      made.push(await this.#add({ day, kind: "day", reasons: [], slices: before, untilMs }, made.at(-1)));
    }
  }

  /**
   * Days as they are now, beside their manifests.
   * @throws StoreError, ComplianceError
   */
  async verify(range: { since: string | null; until: string | null }, signal: AbortSignal): Promise<Checked> {
    const [manifests, oldest] = [await this.all(), await oldestDay(this.#deps.clickhouse)];
    const dueDay = dayOf(dayMs(this.#lastOver(GRACE_MS)) + DAY_MS);
    const { publicKey } = this;
    const signedFirst = manifests.map(({ manifest }) => manifest.day).sort()[0];
    // Without a key nothing was ever signed; with one, and without the first manifest, that one is gone.
    const first = manifests[0]?.manifest.seq === 1 ? (signedFirst ?? null) : publicKey === null ? null : oldest;
    const last = this.#lastOver(0);
    const since = first === null || (range.since !== null && range.since > first) ? range.since : first;
    const until = range.until !== null && range.until < last ? range.until : last;
    const removals = await Removals.read(this.#deps.clickhouse);
    const now: DayNow[] = [];
    for (const day of since === null || first === null ? [] : daysBetween(since, until)) {
      const manifest = lastOf(manifests, day);
      const untilMs = Date.parse(manifest?.until ?? "1970-01-01");
      now.push({ day, removals: removals.of(day, untilMs), ...(await measure(this.#deps.clickhouse, day, untilMs, signal)) });
    }
    return { ...verifyDays({ manifests, publicKey: publicKey ?? "", now, dueDay }), now, publicKey, dueDay };
  }

  #plan(waitMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.round()
        .catch((error: unknown) => {
          if (!this.#stopping.signal.aborted)
            this.#deps.logger.warn({ err: error }, "the manifest of a day could not be made, it is tried again");
        })
        .then(() => this.#plan(LOOK_MS));
    }, waitMs);
    this.#timer.unref();
  }

  /** Notes why days are another one now. What nothing explains stays as it is: `verify` shows it. */
  async #amend(made: SignedManifest[]): Promise<void> {
    const { clickhouse, logger, lease } = this.#deps;
    const lookedMs = Date.parse(made.at(-1)?.manifest.until ?? "1970-01-01");
    const removals = await Removals.read(clickhouse);
    const signedUntil = Math.max(...made.map(({ manifest }) => dayMs(manifest.day))) + DAY_MS;
    const touched = await touchedDays(clickhouse, lookedMs - ON_ITS_WAY_MS, signedUntil);
    for (const day of [...new Set([...touched, ...removals.daysSince(lookedMs)])].sort()) {
      const last = lastOf(made, day);
      if (last === undefined) continue;
      if (!lease.isMine || this.#stopping.signal.aborted) return;
      const sinceMs = Date.parse(last.until);
      const now = await measure(clickhouse, day, sinceMs, this.#stopping.signal);
      const { state, reasons } = judge(last.slices, now, removals.of(day, sinceMs));
      if (state === "altered") logger.warn({ day, reasons }, "reports of a signed day were altered, and nothing explains it");
      if (state !== "amended") continue;
      const untilMs = this.#deps.now() - ON_ITS_WAY_MS;
      const { before } = await measure(clickhouse, day, untilMs, this.#stopping.signal);
      if (slicesHash(before) === last.hash) continue;
      made.push(await this.#add({ day, kind: "amendment", reasons, slices: before, untilMs }, made.at(-1)));
    }
  }

  async #add(
    {
      day,
      kind,
      reasons,
      slices,
      untilMs,
    }: Pick<Manifest, "day" | "kind" | "reasons"> & { slices: readonly Slice[]; untilMs: number },
    before: SignedManifest | undefined,
  ): Promise<SignedManifest> {
    const key = needSigningKey(this.#config.keyFile);
    const manifest: Manifest = {
      format: 1,
      seq: (before?.manifest.seq ?? 0) + 1,
      day,
      kind,
      made: new Date(this.#deps.now()).toISOString(),
      until: new Date(untilMs).toISOString(),
      previous: before === undefined ? "" : manifestHash(before.manifest),
      key: key.id,
      reasons,
      rows: rowsOf(slices),
      hash: slicesHash(slices),
      slices,
      networks: await sumsOf(this.#deps.clickhouse, day),
    };
    const stored = signed(manifest, key.secret);
    await this.#log.add(stored);
    this.#deps.logger.info({ day, kind, seq: manifest.seq, rows: manifest.rows, reasons }, "the manifest of a day was made");
    return toldManifest(stored);
  }

  /** The first one that has none. */
  async #nextDay(made: readonly SignedManifest[]): Promise<string | null> {
    const last = made.filter(({ manifest }) => manifest.kind === "day").at(-1);
    if (last !== undefined) return dayOf(dayMs(last.manifest.day) + DAY_MS);
    // Were all of them deleted, a new beginning would hide it.
    if (made.length === 0 && this.publicKey !== null) {
      this.#deps.logger.warn({}, "there is a key for manifests, and no manifest: they were deleted, or the store is another one");
      return null;
    }
    const oldest = await oldestDay(this.#deps.clickhouse);
    const least = dayOf(this.#deps.now() - MOST_DAYS_BACK * DAY_MS);
    return oldest === null || oldest > least ? oldest : least;
  }

  /** The last day that is over for long enough. */
  #lastOver(graceMs: number): string {
    return dayOf(this.#deps.now() - this.#config.settleMs - graceMs - DAY_MS);
  }
}

export interface Checked extends Verification {
  readonly now: readonly DayNow[];
  readonly publicKey: string | null;
  readonly dueDay: string;
}

const lastOf = (manifests: readonly SignedManifest[], day: string) =>
  manifests.filter(({ manifest }) => manifest.day === day).at(-1)?.manifest;
