import { Popover } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { useState } from "react";

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
  const [opened, setOpened] = useState(false);
  const show = (q: string) => {
    setOpened(false);
    onAsk(q);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className="query-bar-button"
          aria-label="How to write a query"
          title="How to write a query"
          onClick={() => setOpened(!opened)}
        >
          <IconHelpCircle size={16} stroke={1.7} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label="How to write a query">
        <div className="query-help">
          <p>
            Words are looked for in names, domains and addresses. <code>field operator value</code> compares; side by side means
            and.
          </p>
          <ul>
            {EXAMPLES.map(([q, meaning]) => (
              <li key={q}>
                <button type="button" className="query-help-example" title="Ask this" onClick={() => show(q)}>
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
      </Popover.Dropdown>
    </Popover>
  );
}
