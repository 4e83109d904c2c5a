import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { signOut } from "../../lib/api.ts";
import { FullPage } from "../../ui/full-page.tsx";
import { NewPassword } from "./new-password.tsx";
import { useSignedOut } from "./use-signed-out.ts";
import "./me-menu.css";

/** For whoever came by the link of a new account, or of one whose password was reset: the link works once. */
export function ChoosePassword({ name }: { name: string }) {
  const client = useQueryClient();
  const leave = useMutation({ mutationFn: signOut, onSuccess: useSignedOut() });
  return (
    <FullPage>
      <h1>Choose a password</h1>
      <p>
        You are signed in as <strong>{name}</strong>. The link worked this once: with a password you can come again.
      </p>
      <NewPassword name={name} asksOld={false} onDone={() => void client.resetQueries()} />
      <p className="me-other">Not you? Sign out, and ask an administrator for a new link for {name}: this one works no more.</p>
      <Button variant="default" fullWidth loading={leave.isPending} onClick={() => leave.mutate()}>
        Sign out
      </Button>
      {leave.error !== null && (
        <p className="me-problem" role="alert">
          {leave.error.message}
        </p>
      )}
    </FullPage>
  );
}
