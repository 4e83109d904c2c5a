import { useQueryClient } from "@tanstack/react-query";
import { FullPage } from "../../ui/full-page.tsx";
import { NewPassword } from "./new-password.tsx";

/** For whoever came by the link of a new account, or of one whose password was reset: the link works once. */
export function ChoosePassword({ name }: { name: string }) {
  const client = useQueryClient();
  return (
    <FullPage>
      <h1>Choose a password</h1>
      <p>
        You are signed in as <strong>{name}</strong>. The link worked this once: with a password you can come again.
      </p>
      <NewPassword name={name} asksOld={false} onDone={() => void client.resetQueries()} />
    </FullPage>
  );
}
