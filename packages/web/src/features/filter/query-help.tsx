import { IconHelpCircle } from "@tabler/icons-react";
import { BarPopover } from "./bar-popover.tsx";

/** The filter language by example. All of it: docs/how-to/filter.md. */
const EXAMPLES: readonly (readonly [q: string, meaning: string])[] = [
  ["github", "“github” in a name, a domain or an address of either end"],
  ["from:ana to:10.20.0.0/16", "from whoever is called ana into this range"],
  ["port in (22, 443, dns)", "any of these ports or services, at either end"],
  ["src.type=user and dst.type=external", "what users send to the internet"],
  ["bytes>1.5MiB duration>=90s", "large and long"],
  ["domain=*.example.com", "* stands for anything"],
  ["verdict in (denied, refused) and not name~test", "what failed, but for tests"],
  ["10.1.2.3:443 or (proto:udp !port:53)", "or, not, and groups"],
];

export function QueryHelp({ onAsk }: { onAsk(q: string): void }) {
  return (
    <BarPopover label="How to write a query" icon={<IconHelpCircle size={16} stroke={1.7} aria-hidden />}>
      {(close) => (
        <div className="query-help">
          <p>
            Words are looked for in names, domains and addresses. <code>field operator value</code> compares; side by side means
            and.
          </p>
          <ul>
            {EXAMPLES.map(([q, meaning]) => (
              <li key={q}>
                <button
                  type="button"
                  className="query-help-example"
                  title="Ask this"
                  onClick={() => {
                    close();
                    onAsk(q);
                  }}
                >
                  <code>{q}</code>
                  <span>{meaning}</span>
                </button>
              </li>
            ))}
          </ul>
          <p>
            Operators: <code>= != in not in &lt; &lt;= &gt; &gt;= ~ !~</code> (<code>~</code> contains). <code>=null</code> finds
            what has no value. Tab takes a suggestion, Enter asks.
          </p>
        </div>
      )}
    </BarPopover>
  );
}
