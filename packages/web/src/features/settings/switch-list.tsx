/** Networks or nodes with a switch each, searched by name. */

import { formatCount } from "@flowtrail/model";
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

export interface SwitchRow {
  readonly id: string;
  readonly name: string;
  readonly on: boolean;
  /** It was switched, and is not saved. */
  readonly isChanged: boolean;
  readonly note: string;
}

export interface SwitchListProps {
  readonly title: string;
  /** What one is called, and several. */
  readonly word: readonly [string, string];
  readonly rows: readonly SwitchRow[];
  readonly empty: string;
  onSwitch(ids: readonly string[], on: boolean): void;
}

/** As many have a search of their own. */
const MANY = 8;

export function SwitchList({ title, word, rows, empty, onSwitch }: SwitchListProps) {
  const [search, setSearch] = useState("");
  const text = search.trim().toLowerCase();
  const found = rows.filter(({ id, name }) => name.toLowerCase().includes(text) || id.toLowerCase().includes(text));
  const off = rows.filter(({ on }) => !on).length;
  return (
    <section className="settings-list">
      <header>
        <h3>
          {title}{" "}
          <span className="settings-count">
            {off === 0 ? `${formatCount(rows.length)}, all on` : `${formatCount(off)} of ${formatCount(rows.length)} off`}
          </span>
        </h3>
        {rows.length > MANY && (
          <TextInput
            size="xs"
            aria-label={`Search ${word[1]}`}
            placeholder={`Search ${word[1]}`}
            leftSection={<IconSearch size={14} aria-hidden />}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        )}
      </header>
      {rows.length === 0 && <p className="settings-about">{empty}</p>}
      {text !== "" && found.length > 0 && (
        <p className="settings-found">
          {formatCount(found.length)} {found.length === 1 ? word[0] : word[1]} found:{" "}
          <button
            type="button"
            onClick={() =>
              onSwitch(
                found.map(({ id }) => id),
                false,
              )
            }
          >
            switch all of them off
          </button>{" "}
          <button
            type="button"
            onClick={() =>
              onSwitch(
                found.map(({ id }) => id),
                true,
              )
            }
          >
            on
          </button>
        </p>
      )}
      {rows.length > 0 && found.length === 0 && (
        <p className="settings-about">
          No {word[0]} has “{search}” in its name.
        </p>
      )}
      {found.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="settings-rows" tabIndex={0} aria-label={title}>
          {found.map(({ id, name, on, isChanged, note }) => (
            <label key={id} className={isChanged ? "settings-row settings-row-changed" : "settings-row"}>
              <input
                type="checkbox"
                role="switch"
                aria-label={name}
                aria-checked={on}
                checked={on}
                onChange={(event) => onSwitch([id], event.currentTarget.checked)}
              />
              <span className="settings-name">{name}</span>
              <span className="settings-note">
                {isChanged && <strong>{on ? "will be on" : "will be off"} · </strong>}
                {note}
              </span>
            </label>
          ))}
        </section>
      )}
    </section>
  );
}
