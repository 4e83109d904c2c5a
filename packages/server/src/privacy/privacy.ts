/**
 * The door through which all rows go before they are stored or shown live, whoever sent them: what is excluded is dropped and counted, addresses of the
 * internet are cut, and names of people become pseudonyms. After they were named and elected: that needs the whole of it.
 */
import { statSync } from "node:fs";
import { type Cidr, EXCLUDE_REASONS, type ExcludeReason, type FlowBatch, PSEUDONYM_KINDS, parseCidr } from "@flowtrail/model";
import type { EntityVersion } from "../identify/history/change.ts";
import type { Inventory } from "../identify/inventory-schema.ts";
import { type CaptureState, isTruncated, type NameMode, namesOf } from "../settings/capture-state.ts";
import { cutNames } from "./cut-names.ts";
import { disguised, disguisedEntity, disguisedVersions, disguiseRows } from "./disguise.ts";
import { PrivacyError } from "./errors.ts";
import { Excluded, type ToldExcludes } from "./excluded.ts";
import { readKeys } from "./key-file.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { truncateRows } from "./truncate.ts";

export interface PrivacyDeps {
  /** Another object for each change. */
  readonly state: () => CaptureState;
  /** As it is now; another object for each change. */
  readonly inventory: () => Inventory;
  readonly now: () => number;
  readonly logger: { error(fields: object, message: string): void };
}

interface LoggedChange {
  readonly kind: string;
  readonly id: string;
  readonly before: string | null;
  readonly entity: string | null;
}

/** How often the key file is looked at: a new key is put in front of the others while the server runs. */
const LOOK_MS = 5000;

export class Privacy {
  readonly #keyFile: string;
  readonly #deps: PrivacyDeps;
  readonly #dropped = Object.fromEntries(EXCLUDE_REASONS.map((reason) => [reason, 0])) as Record<ExcludeReason, number>;
  #excluded: { readonly state: CaptureState; readonly inventory: Inventory; readonly rules: Excluded } | null = null;
  #ranges: { readonly inventory: Inventory; readonly byNetwork: ReadonlyMap<string, readonly Cidr[]> } | null = null;
  #pseudonyms: Pseudonyms | null = null;
  #keyStamp = "";
  #lookedMs = Number.NEGATIVE_INFINITY;
  #reapply: () => void = () => undefined;
  #appliedFor = "off";

  constructor({ keyFile }: { readonly keyFile: string }, deps: PrivacyDeps) {
    this.#keyFile = keyFile;
    this.#deps = deps;
  }

  /** Rows that were dropped since the start, by reason. */
  get dropped(): Readonly<Record<ExcludeReason, number>> {
    return this.#dropped;
  }

  /** Whom to tell that the inventory is to be named otherwise from now on. */
  onChange(reapply: () => void): void {
    this.#reapply = reapply;
    this.#appliedFor = this.#mode();
  }

  /** Is there what it takes? @throws PrivacyError */
  check(isOn = this.#deps.state().policy.pseudonyms): void {
    if (isOn) this.#keys(true);
  }

  /** What agents are told of it. */
  told(): ToldExcludes {
    return this.#rules().told;
  }

  /**
   * What of the rows may be stored. The rows are changed.
   * @throws PrivacyError if there is no key to name people by: the rows are to come again
   */
  apply(batch: FlowBatch): FlowBatch {
    this.follow();
    const rules = this.#rules();
    const kept = rules.isEmpty ? batch : this.#without(batch, rules);
    const state = this.#deps.state();
    if (hasCutNames(state, this.#deps.inventory())) cutNames(kept, (network) => this.#nameModeOf(network));
    if (this.#cuts())
      truncateRows(
        kept,
        (network) => isTruncated(state, network),
        (network) => this.#rangesOf(network),
      );
    if (state.policy.pseudonyms) disguiseRows(kept, this.#keys());
    return kept;
  }

  /** May what was sent be kept as it came, where it could not be read as a row? */
  get keepsContent(): boolean {
    const { policy } = this.#deps.state();
    return this.#rules().isEmpty && !policy.pseudonyms && !this.#cuts();
  }

  #cuts(): boolean {
    const { policy, networks } = this.#deps.state();
    return (
      policy.external_addresses === "truncated" ||
      [...networks.values()].some(({ set }) => set.external_addresses === "truncated")
    );
  }

  /** Names of people in stored rows that are named again. */
  disguiseRows(batch: FlowBatch): void {
    if (this.#deps.state().policy.pseudonyms) disguiseRows(batch, this.#keys());
  }

  /** An inventory as a source tells it, with the names that may be kept. Without a key: nobody who is a person. */
  inventory(told: Inventory): Inventory {
    if (!this.#deps.state().policy.pseudonyms) return told;
    try {
      return disguised(told, this.#keys());
    } catch (error) {
      if (!(error instanceof PrivacyError)) throw error;
      this.#deps.logger.error({ code: error.code }, `${error.message}. Until then the inventory has no users and config files`);
      return { networks: told.networks.map((network) => ({ ...network, users: [], config_files: [] })) };
    }
  }

  /** What sources told at any time, with the names that may be known. Without a key: as it was told, and nobody is a person. */
  versions(told: readonly EntityVersion[]): readonly EntityVersion[] {
    if (!this.#deps.state().policy.pseudonyms) return told;
    try {
      return disguisedVersions(told, this.#keys());
    } catch (error) {
      if (!(error instanceof PrivacyError)) throw error;
      return told.filter(({ kind }) => kind !== "user" && kind !== "config_file");
    }
  }

  /**
   * One line of the inventory's log. Null: who asked for this id asked by a name that is not to be known.
   * @throws PrivacyError
   */
  change<T extends LoggedChange>(change: T, askedId: string | undefined): T | null {
    const { kind } = change;
    if (!this.#deps.state().policy.pseudonyms || (kind !== "user" && kind !== "config_file")) return change;
    const pseudonyms = this.#keys();
    const id = pseudonyms.of(kind === "user" ? "user" : "config", change.id);
    if (askedId !== undefined && askedId !== id) return null;
    const [before, entity] = [change.before, change.entity].map((json) => disguisedEntity(kind, json, pseudonyms));
    return { ...change, id, before: before ?? null, entity: entity ?? null };
  }

  /** Of a pseudonym, the name. @returns null: it is none of these keys'. @throws PrivacyError */
  reveal(pseudonym: string): ReturnType<Pseudonyms["reveal"]> {
    return this.#keys(true).reveal(pseudonym);
  }

  /** Has it been switched on or off, here or on another server, or has the key file a new key? Then sources are named anew. */
  follow(): void {
    const mode = this.#mode();
    if (mode === this.#appliedFor) return;
    this.#appliedFor = mode;
    this.#reapply();
  }

  #mode(): string {
    if (!this.#deps.state().policy.pseudonyms) return "off";
    try {
      this.#keys();
    } catch (error) {
      if (!(error instanceof PrivacyError)) throw error;
      return "no key";
    }
    return this.#keyStamp;
  }

  #without(batch: FlowBatch, rules: Excluded): FlowBatch {
    const dropped = new Set<number>();
    for (let row = 0; row < batch.length; row++) {
      const reason = rules.reasonOf(batch, row);
      if (reason === null) continue;
      dropped.add(row);
      this.#dropped[reason]++;
    }
    return dropped.size === 0 ? batch : batch.filter((row) => !dropped.has(row));
  }

  #rules(): Excluded {
    const [state, inventory] = [this.#deps.state(), this.#deps.inventory()];
    if (this.#excluded?.state !== state || this.#excluded.inventory !== inventory) {
      const rules = new Excluded(state.policy, inventory, (word) => this.#alsoCalled(word));
      this.#excluded = { state, inventory, rules };
    }
    return this.#excluded.rules;
  }

  /** Whoever wrote a name means its pseudonyms, too. */
  #alsoCalled(word: string): string[] {
    return this.#deps.state().policy.pseudonyms ? this.pseudonymsOf(word) : [];
  }

  /** What a name may be in stored rows, whether it still would be now or not; without a key there is nothing. */
  pseudonymsOf(word: string): string[] {
    try {
      return PSEUDONYM_KINDS.flatMap((kind) => this.#keys().everyOf(kind, word));
    } catch (error) {
      if (error instanceof PrivacyError) return [];
      throw error;
    }
  }

  #nameModeOf(network: string): NameMode {
    const told = this.#deps.inventory().networks.find(({ id }) => id === network)?.names;
    return namesOf(this.#deps.state(), network, told);
  }

  #rangesOf(network: string): readonly Cidr[] {
    const inventory = this.#deps.inventory();
    if (this.#ranges?.inventory !== inventory) {
      const byNetwork = new Map(
        inventory.networks.map(({ id, ranges }) => [id, ranges.flatMap((text) => parseCidr(text) ?? [])] as const),
      );
      this.#ranges = { inventory, byNetwork };
    }
    return this.#ranges.byNetwork.get(network) ?? [];
  }

  #keys(isFresh = false): Pseudonyms {
    const nowMs = this.#deps.now();
    if (this.#pseudonyms !== null && !isFresh && Math.abs(nowMs - this.#lookedMs) < LOOK_MS) return this.#pseudonyms;
    const stamp = stampOf(this.#keyFile);
    // A key that was there stays in force while its file is away: the names of a running server do not change their pseudonyms.
    if (this.#pseudonyms === null || (stamp !== null && stamp !== this.#keyStamp)) {
      this.#pseudonyms = new Pseudonyms(readKeys(this.#keyFile));
      this.#keyStamp = stamp ?? "";
    }
    this.#lookedMs = nowMs;
    return this.#pseudonyms;
  }
}

/** Is there a network that does not keep names in full? */
function hasCutNames({ policy, networks }: CaptureState, inventory: Inventory): boolean {
  const isCut = (mode: NameMode | undefined) => mode !== undefined && mode !== "full";
  return (
    isCut(policy.names) ||
    [...networks.values()].some(({ set }) => isCut(set.names)) ||
    inventory.networks.some(({ names }) => isCut(names))
  );
}

function stampOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}
