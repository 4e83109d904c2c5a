/** The policies that are in force: settings, one each, set here or on another server. */
import type { SettingsBook } from "../../store/settings/settings-book.ts";
import type { Setting } from "../../store/settings/settings-log.ts";
import { PolicySet, policySchema } from "./policies.ts";
import type { NamedPolicy } from "./policies-yaml.ts";

export type PolicySettings = Pick<SettingsBook, "settings" | "inTurn" | "append">;

/** A deleted one. */
const GONE = "null";

export class PolicyBook {
  readonly #book: PolicySettings;
  #known: { readonly settings: readonly Setting[]; readonly policies: readonly NamedPolicy[]; readonly set: PolicySet } | null =
    null;

  constructor(book: PolicySettings) {
    this.#book = book;
  }

  /** By id. One that this program can't read (a newer one wrote it) allows nothing, and is not told. */
  get all(): readonly NamedPolicy[] {
    return this.#read().policies;
  }

  get set(): PolicySet {
    return this.#read().set;
  }

  /**
   * All of them, or none. @param replace others go
   * @throws StoreError, SettingsConflict
   */
  put(
    policies: readonly NamedPolicy[],
    { who, ms }: { readonly who: string; readonly ms: number },
    replace = false,
  ): Promise<void> {
    return this.#book.inTurn(async () => {
      const ids = new Set(policies.map(({ id }) => id));
      const gone = replace ? this.all.filter(({ id }) => !ids.has(id)) : [];
      const changes = [
        ...policies.map(({ id, policy }) => ({ id, what: `set the policy ${id}`, value: JSON.stringify(policy) })),
        ...gone.map(({ id }) => ({ id, what: `deleted the policy ${id}`, value: GONE })),
      ].filter(({ id, value }) => JSON.stringify(this.all.find((one) => one.id === id)?.policy ?? null) !== value);
      await this.#book.append(
        changes.map((change) => ({ name: "policy" as const, ...change, who })),
        ms,
      );
    });
  }

  /** False: there is none. @throws StoreError, SettingsConflict */
  remove(id: string, { who, ms }: { readonly who: string; readonly ms: number }): Promise<boolean> {
    return this.#book.inTurn(async () => {
      if (!this.all.some((one) => one.id === id)) return false;
      await this.#book.append([{ name: "policy", id, who, what: `deleted the policy ${id}`, value: GONE }], ms);
      return true;
    });
  }

  #read() {
    const { settings } = this.#book;
    if (this.#known?.settings === settings) return this.#known;
    const policies = settings
      .filter(({ name, value }) => name === "policy" && value !== GONE)
      .flatMap(({ id, value }): NamedPolicy[] => {
        const read = policySchema.safeParse(JSON.parse(value));
        return read.success ? [{ id, policy: read.data }] : [];
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#known = { settings, policies, set: new PolicySet(policies.map(({ policy }) => policy)) };
    return this.#known;
  }
}
