import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { signIn } from "../../lib/api.ts";
import { Command } from "../../ui/command.tsx";
import { FullPage } from "../../ui/full-page.tsx";
import { codeInInput } from "./link.ts";
import { OidcSignIn } from "./oidc-sign-in.tsx";

export function SignIn({ linkError, onSignedIn }: { linkError: string | null; onSignedIn(): void }) {
  const [text, setText] = useState("");
  const attempt = useMutation({ mutationFn: () => signIn(codeInInput(text)), onSuccess: onSignedIn });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") attempt.mutate();
  };
  return (
    <FullPage>
      <h1>Sign in</h1>
      {linkError !== null && (
        <p className="full-page-problem" role="alert">
          {linkError}
        </p>
      )}
      <OidcSignIn />
      <p>
        Open the link that <code>flowtrail up</code> printed where the server was started. For a new link, run this there:
      </p>
      <Command text="npx flowtrail link" />
      <form onSubmit={submit}>
        <PasswordInput
          label="Or paste a link, its code or an API token"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={attempt.error?.message}
          autoComplete="off"
          visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
        />
        <Button type="submit" loading={attempt.isPending} disabled={text.trim() === ""} fullWidth mt="md">
          Sign in
        </Button>
      </form>
    </FullPage>
  );
}
