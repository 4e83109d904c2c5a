/** People who may sign in. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Account, type ChangedAccount, changeAccount } from "../../lib/api-accounts.ts";
import { ROLE_NAMES, whatText } from "../../lib/grant-words.ts";
import { useMe, useViewer } from "../../lib/me.ts";
import { useClock } from "../../lib/use-clock.ts";
import { AccountForm } from "./account-form.tsx";
import { Confirm } from "./confirm.tsx";
import { OneTimeLink } from "./one-time-link.tsx";
import { ACCOUNTS_KEY } from "./use-settings.ts";

const SOURCES: Readonly<Record<Account["source"], string>> = { local: "", oidc: "single sign-on", proxy: "proxy" };

export function Accounts({ accounts }: { accounts: readonly Account[] }) {
  const client = useQueryClient();
  const clock = useClock();
  const { maySet } = useMe();
  const own = useViewer().data?.account?.id;
  const [editing, setEditing] = useState<Account | "new" | null>(null);
  const [made, setMade] = useState<ChangedAccount | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const changed = (account: ChangedAccount) => {
    setProblem(null);
    setEditing(null);
    setMade(account.link === undefined ? null : account);
    return client.invalidateQueries({ queryKey: ACCOUNTS_KEY });
  };
  const change = (account: Account, to: Parameters<typeof changeAccount>[1]) =>
    changeAccount(account.id, to).then(changed, (error: unknown) =>
      setProblem(error instanceof Error ? error.message : String(error)),
    );
  return (
    <section className="settings-list" aria-labelledby="settings-accounts">
      <header>
        <h3 id="settings-accounts">Accounts</h3>
        {maySet && editing === null && (
          <Button size="xs" variant="default" onClick={() => setEditing("new")}>
            Add an account
          </Button>
        )}
      </header>
      {editing !== null && (
        <AccountForm
          key={editing === "new" ? "new" : editing.id}
          account={editing === "new" ? null : editing}
          onDone={(account) => void changed(account)}
          onLeave={() => setEditing(null)}
        />
      )}
      {made?.link !== undefined && <OneTimeLink name={made.name} link={made.link} />}
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {accounts.length === 0 ? (
        <p className="settings-about">
          There is no account yet: people sign in by the link that <code>flowtrail link</code> prints where the server runs. With
          an account each has a name of their own, a role and a password.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="settings-table" tabIndex={0} aria-label="All accounts">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Role</th>
                <th scope="col">Signed in last</th>
                {maySet && (
                  <th scope="col">
                    <span className="visually-hidden">Change</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {accounts.map((account) => (
                <tr key={account.id}>
                  <th scope="row">
                    {account.name} <span className="settings-note">{noteOf(account, own)}</span>
                  </th>
                  <td className="settings-what">
                    {ROLE_NAMES[account.role]}
                    <span className="settings-below">{whatText(account)}</span>
                  </td>
                  <td>{account.last_sign_in === null ? "never" : clock.dayAndTime(Date.parse(account.last_sign_in))}</td>
                  {maySet && (
                    <td className="settings-right">
                      <AccountButtons
                        account={account}
                        isOwn={account.id === own}
                        onEdit={() => setEditing(account)}
                        change={change}
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

interface ButtonsProps {
  readonly account: Account;
  /** Of whoever looks: a new link or Disable would end the own session, and a link is told only once. */
  readonly isOwn: boolean;
  onEdit(): void;
  change(account: Account, to: Parameters<typeof changeAccount>[1]): Promise<unknown>;
}

function AccountButtons({ account, isOwn, onEdit, change }: ButtonsProps) {
  const { name, source, disabled } = account;
  if (disabled !== null) {
    return (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Enable ${name}`}
        onClick={() => void change(account, { disabled: false })}
      >
        Enable
      </Button>
    );
  }
  return (
    <div className="settings-row-buttons">
      {source === "local" && (
        <Button size="compact-sm" variant="default" aria-label={`Edit ${name}`} onClick={onEdit}>
          Edit
        </Button>
      )}
      {source === "local" && !isOwn && (
        <Confirm
          label="New link"
          of={`for ${name}`}
          warning="The password is gone, all sessions end."
          keep="Keep"
          work={() => change(account, { reset: true })}
        />
      )}
      {!isOwn && (
        <Confirm
          label="Disable"
          of={name}
          warning="Signed out everywhere at once."
          keep="Keep"
          work={() => change(account, { disabled: true })}
        />
      )}
    </div>
  );
}

function noteOf({ id, source, has_password, disabled }: Account, own: string | undefined): string {
  const notes = [
    id === own ? "you" : "",
    SOURCES[source],
    disabled === null ? "" : "disabled",
    source === "local" && !has_password && disabled === null ? "no password yet" : "",
  ].filter((note) => note !== "");
  return notes.length === 0 ? "" : `(${notes.join(", ")})`;
}
