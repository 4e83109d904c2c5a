/** Which flows are asked for, in the filter language. What is written is asked when it is confirmed: until then the last question stays. */
import { IconSearch, IconX } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { swapEnds } from "../../lib/filter-edit-ends.ts";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { editQuery, useAsked } from "../../lib/use-asked.ts";
import type { Choice } from "./choice-list.tsx";
import { useRecentQueries, useSavedQueries, withRecent } from "./kept-queries.ts";
import { QueriesMenu } from "./queries-menu.tsx";
import { QueryField } from "./query-field.tsx";
import { QueryHelp } from "./query-help.tsx";
import { QUICK_FILTERS } from "./quick-filters.ts";
import "./query-bar.css";

export function QueryBar() {
  const { asked, change } = useAsked();
  const [draft, setDraft] = useState(asked.q);
  const [shownQ, setShownQ] = useState(asked.q);
  const [recent, setRecent] = useRecentQueries();
  const [saved] = useSavedQueries();
  const field = useRef<{ focus(): void }>(null);
  useHotkeys({ "/": () => field.current?.focus(), s: () => editQuery(swapEnds) });
  // Asked in another way: by a pill, a click on a value, the back button.
  if (asked.q !== shownQ) {
    setShownQ(asked.q);
    setDraft(asked.q);
  }
  const ask = (q: string) => {
    setDraft(q);
    setRecent((before) => withRecent(before, q));
    if (q !== asked.q) change({ q });
  };
  const start = (group: string, label: string, detail: string, q: string): Choice => ({
    id: `${group} ${label}`,
    group,
    label,
    detail,
    count: null,
    isCode: group === "Recent",
    choose: () => ask(q),
  });
  const starts: readonly Choice[] = [
    ...recent.slice(0, RECENT_SHOWN).map((q) => start("Recent", q, "", q)),
    ...saved.map(({ name, q }) => start("Saved", name, q, q)),
    ...QUICK_FILTERS.map(({ label, detail, q }) => start("Quick filters", label, detail, q)),
  ];
  return (
    <div className={`query-bar${draft.trim() === asked.q ? "" : " query-bar-open"}`}>
      <IconSearch className="query-bar-icon" size={15} stroke={1.8} aria-hidden />
      <QueryField
        ref={field}
        label="Query"
        text={draft}
        placeholder="Filter by name, domain, address or field=value  ( / )"
        starts={starts}
        onText={setDraft}
        onSubmit={ask}
        onEscape={() => (draft === asked.q ? (document.activeElement as HTMLElement | null)?.blur() : setDraft(asked.q))}
      />
      {draft.trim() !== asked.q && <span className="query-bar-hint">Enter to ask</span>}
      {draft !== "" && (
        <button
          type="button"
          className="query-bar-button"
          aria-label="Clear the query"
          title="Clear the query"
          onClick={() => ask("")}
        >
          <IconX size={15} stroke={1.8} aria-hidden />
        </button>
      )}
      <QueriesMenu q={asked.q} recent={recent} onAsk={ask} />
      <QueryHelp onAsk={ask} />
    </div>
  );
}

const RECENT_SHOWN = 5;
