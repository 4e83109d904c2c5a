/** What the lists of nodes, users and networks have in common. */
import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type ReactNode, useMemo, useRef } from "react";
import { useHotkeys } from "../../lib/hotkeys.ts";
import type { InventoryKind, ListedEntity } from "../../lib/types-inventory.ts";
import { CostLine } from "../../ui/cost-line.tsx";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../../ui/screen-skeleton.tsx";
import { COLUMNS } from "./columns.tsx";
import { InventoryTable } from "./inventory-table.tsx";
import { counted } from "./kinds.ts";
import { NothingFound } from "./nothing-found.tsx";
import { listed, sortedBy } from "./rows.ts";
import { useInventoryList, useListChoice } from "./use-list.ts";
import "./inventory-screen.css";

export interface InventoryScreenProps {
  readonly title: string;
  readonly kind: InventoryKind;
  /** Beside the number of them: what one wants to know of all. */
  readonly summary?: (entities: readonly ListedEntity[]) => ReactNode;
  /** In the head, at its end. */
  readonly actions?: ReactNode;
  /** Where there is none of the kind. */
  readonly empty: ReactNode;
}

export function InventoryScreen({ title, kind, summary, actions, empty }: InventoryScreenProps) {
  const { data, error, isPlaceholderData, refetch } = useInventoryList(kind);
  const [choice, choose] = useListChoice();
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus() });
  // Of another kind is not yet what is asked for: it has other columns.
  const answer = data?.kind === kind ? data.answer : undefined;
  const rows = useMemo(() => listed(answer?.entities ?? [], choice), [answer, choice]);
  const isEmpty = answer !== undefined && answer.entities.length === 0;
  return (
    <>
      <header className="screen-head inventory-head">
        <h1 className="screen-title">{title}</h1>
        {!isEmpty && (
          <TextInput
            ref={search}
            className="inventory-search"
            size="xs"
            type="search"
            aria-label={`Search ${title.toLowerCase()}`}
            placeholder="Name, address, tag, group…"
            leftSection={<IconSearch size={15} aria-hidden />}
            value={choice.find}
            onChange={(event) => choose({ ...choice, find: event.currentTarget.value }, { replace: true })}
          />
        )}
        {answer !== undefined && !isEmpty && (
          <p className="inventory-count" role="status">
            {choice.find === ""
              ? counted(kind, answer.total)
              : `${rows.length.toLocaleString("en-US")} of ${counted(kind, answer.total)}`}
            {choice.find === "" && summary?.(answer.entities)}
          </p>
        )}
        <span className="inventory-gap" />
        {actions}
      </header>
      {error !== null && <FailedBanner message={error.message} showsOld={answer !== undefined} onRetry={() => void refetch()} />}
      {answer === undefined && error === null && <ScreenSkeleton />}
      {isEmpty && empty}
      {answer !== undefined && !isEmpty && rows.length === 0 && (
        <NothingFound kind={kind} find={choice.find} onAll={() => choose({ ...choice, find: "" })} />
      )}
      {answer !== undefined && rows.length > 0 && (
        <>
          <InventoryTable
            label={title}
            kind={kind}
            columns={COLUMNS[kind]}
            rows={rows}
            choice={choice}
            old={isPlaceholderData || error !== null}
            onSort={(sort) => choose(sortedBy(choice, sort))}
          />
          <footer className="inventory-foot">
            <CostLine
              meta={answer.meta}
              exact={!answer.estimated}
              note={
                answer.total > answer.entities.length
                  ? `Those with most traffic: ${(answer.total - answer.entities.length).toLocaleString("en-US")} more are left out`
                  : null
              }
            />
          </footer>
        </>
      )}
    </>
  );
}
