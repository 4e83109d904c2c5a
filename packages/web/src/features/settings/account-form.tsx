/** A new account, or what one may do. */
import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { type Account, type ChangedAccount, changeAccount, type Grant, makeAccount } from "../../lib/api-accounts.ts";
import { grantToSend } from "../../lib/grant-words.ts";
import { Field } from "./fields.tsx";
import { focusNow } from "./focus.ts";
import { GrantFields } from "./grant-fields.tsx";

export interface AccountFormProps {
  /** Null: a new one. */
  readonly account: Account | null;
  onDone(account: ChangedAccount): void;
  onLeave(): void;
}

export function AccountForm({ account, onDone, onLeave }: AccountFormProps) {
  const [name, setName] = useState(account?.name ?? "");
  const [grant, setGrant] = useState<Grant>(
    account === null
      ? { role: "viewer", networks: null, own: null }
      : { role: account.role, networks: account.networks, own: account.own },
  );
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const given = grantToSend(grant);
    const saved = account === null ? makeAccount({ name: name.trim(), ...given }) : changeAccount(account.id, given);
    saved.then(onDone, (error: unknown) => {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    });
  };
  return (
    <form className="settings-inner" onSubmit={submit} tabIndex={-1} ref={focusNow}>
      <h4>{account === null ? "New account" : `What ${account.name} may do`}</h4>
      {account === null && (
        <Field
          label="Name"
          value={name}
          placeholder="ana@example.com"
          about="Its person chooses the password, by a link that you get next."
          onChange={setName}
        />
      )}
      <GrantFields value={grant} onChange={setGrant} />
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      <div className="settings-buttons">
        <Button type="submit" size="sm" loading={isBusy} disabled={name.trim() === ""}>
          {account === null ? "Add account" : "Save"}
        </Button>
        <Button size="sm" variant="default" disabled={isBusy} onClick={onLeave}>
          Cancel
        </Button>
        {account !== null && <span className="settings-hint">It counts at once, where {account.name} is signed in too.</span>}
      </div>
    </form>
  );
}
