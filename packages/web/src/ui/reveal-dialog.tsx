/** Turns a pseudonym back into the name: for an admin, who says why. */
import { shortPseudonym } from "@flowtrail/model";
import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { reveal } from "../lib/api-privacy.ts";

const LEAST_REASON = 3;

export function RevealDialog({ pseudonym, onClose }: { pseudonym: string; onClose(): void }) {
  const [reason, setReason] = useState("");
  const [name, setName] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      setName((await reveal(pseudonym, reason.trim())).name);
      setProblem(null);
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Who is ${shortPseudonym(pseudonym)}?`}
      size="sm"
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {name === null ? (
        <form onSubmit={ask}>
          <TextInput
            label="Reason"
            description="Kept in the audit log with your name and this pseudonym."
            data-autofocus
            maxLength={500}
            value={reason}
            error={problem}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <p>
            <Button type="submit" size="sm" loading={busy} disabled={reason.trim().length < LEAST_REASON}>
              Reveal
            </Button>
          </p>
        </form>
      ) : (
        <p role="status">
          <strong>{name}</strong>
        </p>
      )}
    </Modal>
  );
}
