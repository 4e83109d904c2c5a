import { useQuery } from "@tanstack/react-query";
import { call } from "../../lib/api.ts";
import type { AnswerMeta } from "../../lib/api-types.ts";
import { CopyButton } from "../../ui/command.tsx";
import "./view-as.css";

export interface StatementsProps {
  /** Of a question to the API; what it costs is spent once more. */
  readonly path: string;
  /** What the answer is: `a page of it`. */
  readonly what: string;
}

/** The statements that the server sends for a question. */
export function Statements({ path, what }: StatementsProps) {
  const { data, error } = useQuery({
    queryKey: ["statements", path],
    queryFn: ({ signal }) => call<{ meta: AnswerMeta }>("GET", `${path}&explain=sql`, undefined, signal),
    retry: false,
  });
  if (error !== null) return <p role="alert">The server does not show it: {error.message}.</p>;
  if (data === undefined) return <p>Asking …</p>;
  const text = (data.meta.sql ?? [])
    .map(({ statement, parameters }) => `${statement}\n-- parameters: ${JSON.stringify(parameters)}`)
    .join("\n\n");
  return (
    <>
      <p>
        What the server asks ClickHouse for {what} ({data.meta.table}). Values stand in the parameters.{" "}
        <CopyButton text={text} label="Copy SQL" />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label="SQL" className="view-as-sql">
        <pre>{text}</pre>
      </section>
    </>
  );
}
