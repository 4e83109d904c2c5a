/** Beside the list: which values its rows have, how often, and one click to ask for them, to exclude them, or to ask for one alone. */
import { useLocalStorage } from "@mantine/hooks";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { type Asked, mistakeIn } from "../../lib/asked.ts";
import { FACET_FIELDS, type FacetField } from "./facet-fields.ts";
import { FacetSection } from "./facet-section.tsx";
import { type FacetAsked, useFewFacets } from "./use-facet.ts";
import "./facets.css";

export interface FacetsProps {
  readonly asked: FacetAsked;
  onChange(change: Partial<Asked>): void;
}

/** Narrower pages keep their room for the table, until the person says otherwise. */
const ROOM_PX = 1200;

export function Facets({ asked, onChange }: FacetsProps) {
  const [shown, setShown] = useLocalStorage<boolean>({
    key: "flowtrail.facets.shown",
    defaultValue: window.innerWidth >= ROOM_PX,
    getInitialValueInEffect: false,
  });
  const [opened, setOpened] = useLocalStorage<readonly string[]>({
    key: "flowtrail.facets.open",
    defaultValue: FACET_FIELDS.filter(({ open }) => open).map(({ name }) => name),
    getInitialValueInEffect: false,
  });
  const [pinned, setPinned] = useLocalStorage<readonly string[]>({
    key: "flowtrail.facets.pinned",
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const isFilter = mistakeIn(asked.q) === null;
  const few = useFewFacets(asked, shown && isFilter);
  if (!shown) {
    return (
      <aside className="facets-closed" aria-label="Narrow by">
        <button
          type="button"
          className="query-bar-button"
          aria-label="Show values to narrow by"
          title="Show values to narrow by"
          onClick={() => setShown(true)}
        >
          <IconLayoutSidebarLeftExpand size={17} stroke={1.7} aria-hidden />
        </button>
      </aside>
    );
  }
  const toggle = (name: string) => setOpened(without(opened, name) ?? [...opened, name]);
  return (
    <aside className="facets" aria-label="Narrow by">
      <div className="facets-head">
        <h2>Narrow by</h2>
        <button
          type="button"
          className="query-bar-button"
          aria-label="Hide values to narrow by"
          title="Hide values to narrow by"
          onClick={() => setShown(false)}
        >
          <IconLayoutSidebarLeftCollapse size={17} stroke={1.7} aria-hidden />
        </button>
      </div>
      {!isFilter && <p className="facet-note">Counts are there when the mistake in the query is corrected.</p>}
      {isFilter &&
        pinnedFirst(pinned).map((field) => (
          <FacetSection
            key={field.name}
            field={field}
            few={few}
            asked={asked}
            opened={opened.includes(field.name)}
            pinned={pinned.includes(field.name)}
            onToggle={() => toggle(field.name)}
            onPin={() => setPinned(without(pinned, field.name) ?? [...pinned, field.name])}
            onQuery={(q) => onChange({ q })}
          />
        ))}
    </aside>
  );
}

/** Null: it is not among them. */
function without(names: readonly string[], name: string): readonly string[] | null {
  return names.includes(name) ? names.filter((other) => other !== name) : null;
}

/** Those that were pinned stand on top, in the order of all. */
function pinnedFirst(pinned: readonly string[]): readonly FacetField[] {
  const isPinned = ({ name }: FacetField) => pinned.includes(name);
  return [...FACET_FIELDS.filter(isPinned), ...FACET_FIELDS.filter((field) => !isPinned(field))];
}
