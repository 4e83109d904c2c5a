import { formatCount, knownField, type Value } from "@flowtrail/model";
import { Button, Loader, TextInput } from "@mantine/core";
import { IconChevronRight, IconPin, IconPinFilled } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { FacetAnswer, FacetValue } from "../../lib/api-filter.ts";
import { containing } from "../../lib/filter-edit.ts";
import { partsOf } from "../../lib/filter-edit-parts.ts";
import { valueLabel } from "../../lib/filter-text.ts";
import { type FacetField, FIRST_VALUES, MORE_VALUES, MOST_VALUES } from "./facet-fields.ts";
import { FacetLine } from "./facet-line.tsx";
import { type FacetAsked, useFacet } from "./use-facet.ts";

interface FacetSectionProps {
  readonly field: FacetField;
  /** The answer for all fields with few values. */
  readonly few: UseQueryResult<FacetAnswer>;
  readonly asked: FacetAsked;
  readonly opened: boolean;
  /** It stands before the others. */
  readonly pinned: boolean;
  onToggle(): void;
  onPin(): void;
  onQuery(q: string): void;
}

export function FacetSection({ field, few, asked, opened, pinned, onToggle, onPin, onQuery }: FacetSectionProps) {
  const id = useId();
  const chosen = chosenValues(asked.q, field.name).length;
  return (
    <div className="facet">
      <div className="facet-top">
        <h3>
          <button type="button" className="facet-head" aria-expanded={opened} aria-controls={id} onClick={onToggle}>
            <IconChevronRight className="facet-sign" size={14} stroke={2} aria-hidden />
            {field.label}
            {chosen > 0 && <span className="facet-chosen">{formatCount(chosen)}</span>}
          </button>
        </h3>
        <button
          type="button"
          className="facet-pin"
          aria-pressed={pinned}
          aria-label={`Pin ${field.label} to the top`}
          title={pinned ? "Pinned to the top: take it back" : "Pin to the top"}
          onClick={onPin}
        >
          {pinned ? <IconPinFilled size={13} aria-hidden /> : <IconPin size={13} stroke={1.8} aria-hidden />}
        </button>
      </div>
      <div id={id} hidden={!opened}>
        {opened && <FacetBody field={field} few={few} asked={asked} onQuery={onQuery} />}
      </div>
    </div>
  );
}

function FacetBody({ field, few, asked, onQuery }: Omit<FacetSectionProps, "opened" | "onToggle" | "pinned" | "onPin">) {
  const [limit, setLimit] = useState(FIRST_VALUES);
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const wide = wanted === "" ? limit : MOST_VALUES;
  const isAlone = !field.few || wide > FIRST_VALUES;
  const own = useFacet(field.name, wide, asked, isAlone);
  // What came with the others stays until more of it is there.
  const answer = isAlone && own.data !== undefined ? own : field.few ? few : own;
  const { data, error } = answer;
  if (data === undefined && answer.fetchStatus === "idle") {
    return (
      <p className="facet-note" role="alert">
        {error?.message ?? "Cancelled."}{" "}
        <button type="button" className="facet-more" onClick={() => void answer.refetch()}>
          Try again
        </button>
      </p>
    );
  }
  if (data === undefined) return <Loader className="facet-loader" size="xs" aria-label={`Counting ${field.label}`} />;
  const told = data.facets[field.name] ?? [];
  const values = withChosen(told, asked.q, field.name).filter(({ value }) =>
    valueLabel(field.name, value).toLowerCase().includes(wanted),
  );
  const most = Math.max(1, ...told.map(({ count }) => count));
  const hasMore = data.more.includes(field.name);
  const isSearching = wanted !== "" && own.isFetching && (answer !== own || own.isPlaceholderData);
  const old = answer.isPlaceholderData || answer.isError;
  return (
    <div className={old ? "facet-old" : undefined} aria-busy={answer.isFetching}>
      {(hasMore || told.length >= FIRST_VALUES || search !== "") && (
        <TextInput
          className="facet-search"
          size="xs"
          aria-label={`Search ${field.label}`}
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul>
        {values.map(({ value, count }) => (
          <FacetLine
            key={JSON.stringify(value)}
            field={field.name}
            value={value}
            count={count}
            share={(count ?? 0) / most}
            q={asked.q}
            onQuery={onQuery}
          />
        ))}
      </ul>
      {isSearching && values.length === 0 && <p className="facet-note">Searching…</p>}
      {!isSearching && wanted !== "" && hasMore && (
        <p className="facet-note">
          {values.length === 0 ? "None" : "Those"} of the {formatCount(MOST_VALUES)} most frequent{" "}
          {knownField(field.name).type === "text" && (
            <button type="button" className="facet-more" onClick={() => onQuery(containing(asked.q, field.name, search.trim()))}>
              Filter by “{search.trim()}”
            </button>
          )}
        </p>
      )}
      {!isSearching && values.length === 0 && !(wanted !== "" && hasMore) && (
        <p className="facet-note">{wanted === "" ? "No values" : "None of them fits"}</p>
      )}
      {(!data.exact || data.meta.partial) && (
        <p className="facet-note" title={data.note ?? undefined}>
          {data.meta.partial ? "Partial: not all rows were counted" : "Estimated"}
        </p>
      )}
      {hasMore && wanted === "" && limit < MOST_VALUES && (
        <Button
          variant="subtle"
          size="compact-xs"
          loading={own.isFetching && isAlone}
          onClick={() => setLimit(Math.min(limit + MORE_VALUES, MOST_VALUES))}
        >
          Show {MORE_VALUES} more
        </Button>
      )}
    </div>
  );
}

/** What the query says of the field. */
function chosenValues(q: string, field: string): readonly Value[] {
  return partsOf(q).flatMap((part) => (part.kind === "is" && part.field === field ? part.values : []));
}

/** Chosen values stay in sight, even where no row or not many have them. */
function withChosen(
  told: readonly FacetValue[],
  q: string,
  field: string,
): readonly (Omit<FacetValue, "count"> & { count: number | null })[] {
  const missing = chosenValues(q, field).filter((value) => !told.some((one) => one.value === value));
  return [...told, ...[...new Set(missing)].map((value) => ({ value, count: null }))];
}
