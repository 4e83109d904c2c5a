import type { FlowJson } from "@flowtrail/model";
import { Fragment } from "react";
import { useClock } from "../../lib/use-clock.ts";
import { FieldValue } from "../../ui/value-menu.tsx";
import { factGroups } from "./fact-list.ts";
import type { FactPart } from "./fact-part.ts";
import "./facts.css";

/** All that is known of a row. Each value that can be asked for has its menu. */
export function Facts({ flow }: { flow: FlowJson }) {
  const clock = useClock();
  return factGroups(flow, clock).map(({ title, facts }) => (
    <section key={title} className="facts">
      <h3>{title}</h3>
      <dl>
        {facts.map(({ label, tip, parts, below = [] }) => (
          <div key={label} className="fact">
            <dt title={tip}>{label}</dt>
            <dd>
              <Parts parts={parts} />
              {below.length > 0 && (
                <span className="fact-below">
                  <Parts parts={below} />
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  ));
}

function Parts({ parts }: { parts: readonly FactPart[] }) {
  return parts.map(({ text, ask }, i) => (
    <Fragment key={text}>
      {i > 0 && " · "}
      {ask === undefined ? (
        <span className={i === 0 ? undefined : "fact-more"}>{text}</span>
      ) : (
        <FieldValue {...ask}>{text}</FieldValue>
      )}
    </Fragment>
  ));
}
