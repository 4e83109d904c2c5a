/** Who is told of alerts: how that goes, and who else. */
import { Button } from "@mantine/core";
import { deleteRecipient, testRecipient } from "../../lib/api-recipients.ts";
import { useMe } from "../../lib/me.ts";
import type { Recipient } from "../../lib/types-recipients.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Asked } from "./asked.tsx";
import { Confirm } from "./confirm.tsx";
import { RecipientForm } from "./recipient-form.tsx";
import { kindOf, RECIPIENT_KINDS } from "./recipient-kinds.ts";
import { recipientState } from "./recipient-words.ts";
import { SavedNote } from "./review-bar.tsx";
import { TestButton } from "./test-button.tsx";
import { UndeliveredList } from "./undelivered-list.tsx";
import { useEditing } from "./use-editing.ts";
import { RECIPIENTS_KEY, useRecipients } from "./use-recipients.ts";
import "./handed-list.css";

export function RecipientsSection() {
  return <Asked query={useRecipients()}>{(recipients) => <Recipients recipients={recipients} />}</Asked>;
}

function Recipients({ recipients }: { recipients: readonly Recipient[] }) {
  const { maySet } = useMe();
  const { editing, said, edit, done } = useEditing(RECIPIENTS_KEY);
  return (
    <>
      {maySet && editing === null && (
        <div className="settings-buttons">
          <Button size="xs" variant="default" onClick={() => edit("new")}>
            Add a recipient
          </Button>
        </div>
      )}
      {editing === "new" && (
        <RecipientForm known={null} taken={recipients.map(({ id }) => id)} onDone={done} onLeave={() => edit(null)} />
      )}
      {recipients.length === 0 && editing === null && (
        <p className="settings-about">There is none: alerts stand on the Alerts screen, and nobody is told of them.</p>
      )}
      {recipients.length > 0 && (
        <ul className="handed-list" aria-label="Recipients">
          {recipients.map((recipient) => (
            <li key={recipient.id}>
              {editing === recipient.id ? (
                <RecipientForm known={recipient} taken={[]} onDone={done} onLeave={() => edit(null)} />
              ) : (
                <Row
                  recipient={recipient}
                  onEdit={() => edit(recipient.id)}
                  onGone={() => done(`“${recipient.name}” is gone.`)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      <SavedNote text={said} />
    </>
  );
}

function Row({ recipient, onEdit, onGone }: { recipient: Recipient; onEdit(): void; onGone(): void }) {
  const { maySet } = useMe();
  const clock = useClock();
  const { id, name, kind, status } = recipient;
  const state = recipientState(recipient, clock);
  return (
    <>
      <div className="handed-head">
        <span className="handed-name">
          <strong>{name}</strong> <span className="settings-note">{kindOf(RECIPIENT_KINDS, kind)?.label ?? kind}</span>
        </span>
        {maySet && (
          <span className="settings-row-buttons">
            <TestButton of={name} work={() => testRecipient(id)} />
            <Button size="compact-sm" variant="default" aria-label={`Edit ${name}`} onClick={onEdit}>
              Edit
            </Button>
            <Confirm
              label="Delete"
              of={name}
              warning="It is told nothing any more; what waits for it is dropped."
              keep="Keep"
              work={() => deleteRecipient(id).then(onGone)}
            />
          </span>
        )}
      </div>
      {state.map(({ text, isBad }) => (
        <p key={text} className={isBad ? "handed-bad" : "settings-note"}>
          {text}
        </p>
      ))}
      {status.waiting + status.parked > 0 && <UndeliveredList recipient={recipient} />}
    </>
  );
}
