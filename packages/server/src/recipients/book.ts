/** Recipients as they are set: read from the settings of the store, and changed. Their secrets are sealed there. */

import type { Sealed } from "../secrets/sealed.ts";
import type { SettingsBook } from "../store/settings/settings-book.ts";
import type { Setting } from "../store/settings/settings-log.ts";
import { badRecipient, RecipientError } from "./errors.ts";
import { assertTemplate } from "./forms/template.ts";
import { isWebUrl, type RecipientKind, rulesOf } from "./kinds.ts";
import { type Recipient, type StoredRecipient, storedSchema } from "./recipient.ts";
import type { Address } from "./send.ts";

/** As somebody wants it. Of `secrets`: left out is as it was, null is none. */
export type WantedRecipient = Omit<StoredRecipient, "secrets"> & { readonly secrets: Readonly<Record<string, string | null>> };

export interface BookDeps {
  readonly book: Pick<SettingsBook, "settings" | "refresh" | "inTurn" | "append">;
  readonly sealed: Sealed;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** HTTP headers and SMTP commands end where a line does. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_SECRET = /[\u0000-\u001f\u007f]/;
const MAX_RECIPIENTS = 200;

export class RecipientBook {
  readonly #deps: BookDeps;
  #known: { readonly settings: readonly Setting[]; readonly recipients: readonly Recipient[] } | null = null;

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  /** By their names. The same array as long as nothing changes. */
  get recipients(): readonly Recipient[] {
    const { settings } = this.#deps.book;
    if (this.#known?.settings !== settings) this.#known = { settings, recipients: this.#read(settings) };
    return this.#known.recipients;
  }

  find(id: string): Recipient | null {
    return this.recipients.find((recipient) => recipient.id === id) ?? null;
  }

  /** @throws StoreError */
  refresh(): Promise<void> {
    return this.#deps.book.refresh();
  }

  /** In force when it resolves. @throws RecipientError, SecretsError, StoreError, SettingsConflict */
  set(id: string, wanted: WantedRecipient, by: { readonly ms: number; readonly who: string }): Promise<void> {
    return this.#deps.book.inTurn(async () => {
      const before = this.find(id);
      if (before === null && this.recipients.length >= MAX_RECIPIENTS)
        throw badRecipient("id", `there are ${MAX_RECIPIENTS} recipients already`);
      const { deps, value } = { deps: this.#deps, value: this.#sealedOf(wanted, before) };
      const what = `${before === null ? "new recipient" : "recipient"} ${wanted.name} (${wanted.kind})`;
      await deps.book.append([{ name: "recipient", id, who: by.who, what, value: JSON.stringify(value) }], by.ms);
      deps.logger.info({ who: by.who, recipient: id }, "a recipient was set");
    });
  }

  /** @throws RecipientError RECIPIENT_UNKNOWN, StoreError, SettingsConflict */
  remove(id: string, by: { readonly ms: number; readonly who: string }): Promise<void> {
    return this.#deps.book.inTurn(async () => {
      const { book, logger } = this.#deps;
      const before = this.find(id);
      if (before === null) throw unknownRecipient(id);
      await book.append(
        [{ name: "recipient", id, who: by.who, what: `no recipient ${before.name} any more`, value: "null" }],
        by.ms,
      );
      logger.info({ who: by.who, recipient: id }, "a recipient was removed");
    });
  }

  /** With the secrets that are kept where none are given: to be tried before it is set. @throws RecipientError, SecretsError */
  addressOf(wanted: WantedRecipient, before: Recipient | null): Address {
    return this.open(this.#sealedOf(wanted, before));
  }

  /** @throws SecretsError */
  open({ kind, settings, secrets }: Pick<StoredRecipient, "kind" | "settings" | "secrets">): Address {
    const opened = Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, this.#deps.sealed.open(text)]));
    // The schema of its kind has looked at them when they were set.
    return { kind, opened: { ...settings, secrets: opened } } as unknown as Address;
  }

  #sealedOf(wanted: WantedRecipient, before: Recipient | null): StoredRecipient {
    const { kind, settings, secrets: given } = wanted;
    const { secrets: known, needed, goesTo } = rulesOf(kind);
    checkTemplate(settings);
    for (const [name, text] of Object.entries(given)) {
      if (!known.includes(name)) throw badRecipient(`secrets.${name}`, `${kind} has none of that name`);
      if (text !== null) checkSecret(kind, name, text);
    }
    const kept = before?.kind === kind ? before.secrets : {};
    const elsewhere = goesTo.find((name) => Object.keys(kept).length > 0 && before?.settings[name] !== settings[name]);
    const entries = known.flatMap((name) => {
      const text = given[name];
      if (typeof text === "string") return [[name, this.#deps.sealed.seal(text)] as const];
      const old = text === null ? undefined : kept[name];
      if (old !== undefined && elsewhere !== undefined)
        throw badRecipient(
          `secrets.${name}`,
          `to be given again: settings.${elsewhere} is another one, and it was meant for the one before`,
        );
      return old === undefined ? [] : [[name, old] as const];
    });
    const missing = needed.find((name) => !entries.some(([one]) => one === name));
    if (missing !== undefined) throw badRecipient(`secrets.${missing}`, `needed by ${kind}`);
    const { secrets: _given, ...rest } = wanted;
    return { ...rest, secrets: Object.fromEntries(entries) };
  }

  #read(settings: readonly Setting[]): Recipient[] {
    const found = settings.flatMap(({ name, id, value, changedMs, who }) => {
      if (name !== "recipient" || value === "null") return [];
      const read = storedSchema.safeParse(JSON.parse(value));
      if (read.success) return [{ ...read.data, id, changedMs, who }];
      this.#deps.logger.warn(
        { recipient: id, err: read.error },
        "a recipient was set by another version of Flowtrail, and is left out",
      );
      return [];
    });
    return found.sort((a, b) => a.name.localeCompare(b.name, "en"));
  }
}

export function unknownRecipient(id: string): RecipientError {
  return new RecipientError({ code: "RECIPIENT_UNKNOWN", id }, `there is no recipient ${id}`);
}

function checkTemplate({ template, content_type = "application/json" }: Readonly<Record<string, unknown>>): void {
  if (typeof template === "string") assertTemplate(template, String(content_type));
}

function checkSecret(kind: RecipientKind, name: string, text: string): void {
  const parameter = `secrets.${name}`;
  if (text === "" || text.length > 2000 || NO_SECRET.test(text))
    throw badRecipient(parameter, "expected 1 to 2000 characters, on one line");
  if (name === "url" && !isWebUrl(text)) throw badRecipient(parameter, "expected an address that begins with https://");
  if (
    kind === "webhook" &&
    name === "signing_secret" &&
    text.startsWith("whsec_") &&
    Buffer.from(text.slice(6), "base64").length < 16
  )
    throw badRecipient(parameter, "expected whsec_ and at least 16 bytes in base64, or any text");
}
