import { QueryField } from "../filter/query-field.tsx";
import "../filter/query-bar.css";

/** The query bar's field, with its completion, for a filter that is kept and not asked. */
export function QueryInput({ text, onText }: { text: string; onText(text: string): void }) {
  return (
    <div className="query-bar">
      <QueryField label="Filter" text={text} placeholder="All flows" onText={onText} onSubmit={onText} />
    </div>
  );
}
