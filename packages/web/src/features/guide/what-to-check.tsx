import { Command } from "../../ui/command.tsx";

/** Nothing has come for a minute. The most frequent cause first. */
export function WhatToCheck({ address }: { address: string }) {
  return (
    <section className="guide-check" aria-label="What to check">
      <h3>Nothing for a minute. What to check:</h3>
      <ol>
        <li>
          Does the command still run? If it ended, its last line says why (no root, not in Flowtrail's folder, another agent on
          the machine).
        </li>
        <li>
          Does the node reach this server? There, this answers <code>{'{"status":"ok"}'}</code>:
          <Command text={`curl -sS ${address.replace(/\/$/, "")}/api/health`} />
        </li>
        <li>Does a firewall between them, or a proxy in front of the server, let it through?</li>
      </ol>
    </section>
  );
}
