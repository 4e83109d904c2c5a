/** Tokens of programs and agents: made, shown once, taken back. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiToken, revokeToken } from "../../lib/api-tokens.ts";
import { ROLE_NAMES, whatText } from "../../lib/grant-words.ts";
import { type Role, useMe } from "../../lib/me.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Confirm } from "./confirm.tsx";
import { MakeToken } from "./make-token.tsx";
import { TOKENS_KEY } from "./use-settings.ts";

const KINDS: Readonly<Record<ApiToken["kind"], string>> = {
  api: "Program",
  agent: "Agent",
  enrol: "New agents",
  session: "Signed in",
  signin: "Sign-in link",
};

export function Tokens({ tokens }: { tokens: readonly ApiToken[] }) {
  const clock = useClock();
  const { maySet } = useMe();
  const [problem, setProblem] = useState<string | null>(null);
  const client = useQueryClient();
  const revoke = (id: string) =>
    revokeToken(id)
      .then(() => setProblem(null))
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => void client.invalidateQueries({ queryKey: TOKENS_KEY }));
  return (
    <section className="settings-list" aria-labelledby="settings-tokens">
      <header>
        <h3 id="settings-tokens">Tokens</h3>
      </header>
      <p className="settings-about">Of programs and of agents. A token's secret is shown once, when it is made.</p>
      {maySet && <MakeToken />}
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {tokens.length === 0 ? (
        <p className="settings-about">There is none that could be used.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="settings-table" tabIndex={0} aria-label="All tokens">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Kind</th>
                <th scope="col">Used last</th>
                <th scope="col">Ends</th>
                {maySet && (
                  <th scope="col">
                    <span className="visually-hidden">Revoke</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {tokens.map((token) => (
                <tr key={token.id}>
                  <th scope="row" title={`Made ${clock.exact(Date.parse(token.created))}`}>
                    {nameOf(token)}
                  </th>
                  <td className="settings-what">
                    {KINDS[token.kind]}
                    {token.role !== null && <span className="settings-below">{mayText(token.role, token)}</span>}
                  </td>
                  <td title={token.last_address === null ? undefined : `from ${token.last_address}`}>
                    {token.last_used === null ? "never" : clock.dayAndTime(Date.parse(token.last_used))}
                  </td>
                  <td>{token.expires === null ? "when revoked" : clock.dayAndTime(Date.parse(token.expires))}</td>
                  {maySet && (
                    <td className="settings-right">
                      <Confirm
                        label="Revoke"
                        of={token.name}
                        warning={
                          token.machine ? "The command line is locked out until the server starts again." : "Worthless at once."
                        }
                        keep="Keep"
                        work={() => revoke(token.id)}
                      />
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function nameOf({ name, node, account, kind }: ApiToken): string {
  if (node !== null && node !== name) return `${name} (node ${node})`;
  return kind === "session" && account !== null ? `${account}, ${name}` : name;
}

function mayText(role: Role, { networks, own }: ApiToken): string {
  return role === "viewer" ? `Viewer: ${whatText({ role, networks, own })}` : ROLE_NAMES[role];
}
