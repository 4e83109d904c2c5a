import { type ReactNode, useId } from "react";
import { LogLink, type LogLinkProps } from "./log-link.tsx";
import "./block.css";

export interface BlockProps {
  readonly title: string;
  readonly hint?: string;
  /** The rows behind it. */
  readonly link: Omit<LogLinkProps, "children">;
  readonly children: ReactNode;
}

export function Block({ title, hint, link, children }: BlockProps) {
  const id = useId();
  return (
    <section className="block" aria-labelledby={id}>
      <div className="block-head">
        <h2 id={id}>{title}</h2>
        {hint !== undefined && <span className="block-hint">{hint}</span>}
        <LogLink {...link} className="block-link" label={`View in Traffic Logs: ${title}`}>
          View in Traffic Logs
        </LogLink>
      </div>
      {children}
    </section>
  );
}
