/** The policies that are in force: settings, one each, set here or on another server. */
import type { SettingsBook } from "../../store/settings/settings-book.ts";
import type { Setting } from "../../store/settings/settings-log.ts";
import { type Policy, PolicySet, policySchema } from "./policies.ts";

export interface NamedPolicy {
  readonly id: string;
  readonly policy: Policy;
}

export class PolicyBook {
  readonly #book: Pick<SettingsBook, "settings">;
  #known: { readonly settings: readonly Setting[]; readonly policies: readonly NamedPolicy[]; readonly set: PolicySet } | null =
    null;

  constructor(book: Pick<SettingsBook, "settings">) {
    this.#book = book;
  }

  /** By id. One that this program can't read (a newer one wrote it) allows nothing, and is not told. */
  get all(): readonly NamedPolicy[] {
    return this.#read().policies;
  }

  get set(): PolicySet {
    return this.#read().set;
  }

  #read() {
    const { settings } = this.#book;
    if (this.#known?.settings === settings) return this.#known;
    const policies = settings
      .filter(({ name, value }) => name === "policy" && value !== "null")
      .flatMap(({ id, value }): NamedPolicy[] => {
        const read = policySchema.safeParse(JSON.parse(value));
        return read.success ? [{ id, policy: read.data }] : [];
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#known = { settings, policies, set: new PolicySet(policies.map(({ policy }) => policy)) };
    return this.#known;
  }
}
