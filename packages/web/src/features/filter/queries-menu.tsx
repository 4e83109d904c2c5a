import { Button, TextInput } from "@mantine/core";
import { IconBell, IconBookmark, IconCheck, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useMe } from "../../lib/me.ts";
import { ALERTS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { newRuleParams } from "../alerts/alerts-url.ts";
import { BarPopover } from "./bar-popover.tsx";
import { useSavedQueries, withSaved } from "./kept-queries.ts";
import { isOn, QUICK_FILTERS, toggleQuick } from "./quick-filters.ts";

interface QueriesMenuProps {
  /** What is asked now. */
  readonly q: string;
  readonly recent: readonly string[];
  onAsk(q: string): void;
}

/** Quick filters, which are added to the query, and whole queries that were saved or asked before. */
export function QueriesMenu(props: QueriesMenuProps) {
  return (
    <BarPopover label="Quick filters and saved queries" icon={<IconBookmark size={15} stroke={1.8} aria-hidden />}>
      {() => <Queries {...props} />}
    </BarPopover>
  );
}

function Queries({ q, recent, onAsk }: QueriesMenuProps) {
  const [saved, setSaved] = useSavedQueries();
  const { maySet } = useMe();
  return (
    <div className="queries">
      <Section title="Quick filters">
        {QUICK_FILTERS.map((quick) => {
          const on = isOn(q, quick);
          return (
            <li key={quick.label}>
              <button type="button" className="queries-line" aria-pressed={on} onClick={() => onAsk(toggleQuick(q, quick))}>
                <span className="queries-check">{on && <IconCheck size={14} stroke={2.2} aria-hidden />}</span>
                <span className="choice-name">{quick.label}</span>
                <span className="choice-detail">{quick.detail}</span>
              </button>
            </li>
          );
        })}
      </Section>
      {saved.length > 0 && (
        <Section title="Saved">
          {saved.map((query) => (
            <li key={query.name}>
              <button type="button" className="queries-line" aria-pressed={q === query.q} onClick={() => onAsk(query.q)}>
                <span className="choice-name">{query.name}</span>
                <span className="choice-detail choice-code">{query.q}</span>
              </button>
              <button
                type="button"
                className="query-bar-button"
                aria-label={`Forget ${query.name}`}
                title="Forget it"
                onClick={() => setSaved(saved.filter(({ name }) => name !== query.name))}
              >
                <IconTrash size={14} stroke={1.8} aria-hidden />
              </button>
            </li>
          ))}
        </Section>
      )}
      {q !== "" && <SaveForm q={q} onSave={(name) => setSaved(withSaved(saved, { name, q }))} />}
      {q !== "" && maySet && (
        <PageLink path={ALERTS_PATH} params={newRuleParams(q)} className="queries-line queries-alert">
          <IconBell size={14} stroke={1.8} aria-hidden />
          <span className="choice-name">Make an alert of this</span>
          <span className="choice-detail">a rule with this filter</span>
        </PageLink>
      )}
      {recent.length > 0 && (
        <Section title="Recent">
          {recent.map((text) => (
            <li key={text}>
              <button type="button" className="queries-line" onClick={() => onAsk(text)}>
                <span className="choice-code cut">{text}</span>
              </button>
            </li>
          ))}
        </Section>
      )}
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="choices-heading">{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

function SaveForm({ q, onSave }: { q: string; onSave(name: string): void }) {
  const [name, setName] = useState("");
  return (
    <form
      className="queries-save"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        onSave(name.trim());
        setName("");
      }}
    >
      <TextInput
        size="xs"
        aria-label="Name of this query"
        placeholder={`Save “${q.length > 30 ? `${q.slice(0, 30)}…` : q}” as…`}
        maxLength={80}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button size="xs" type="submit" variant="default" disabled={name.trim() === ""}>
        Save
      </Button>
    </form>
  );
}
