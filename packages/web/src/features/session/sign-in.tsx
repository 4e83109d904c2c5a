import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { signIn } from "../../lib/api.ts";
import { Command } from "../../ui/command.tsx";
import { FullPage } from "../../ui/full-page.tsx";
import { codeInInput } from "./link.ts";
import { OidcSignIn } from "./oidc-sign-in.tsx";
import { PasswordSignIn } from "./password-sign-in.tsx";
import { useSignInMethods } from "./use-sign-in-methods.ts";
import "./me-menu.css";

export function SignIn({ linkError, onSignedIn }: { linkError: string | null; onSignedIn(): void }) {
  const [text, setText] = useState("");
  const attempt = useMutation({ mutationFn: () => signIn(codeInInput(text)), onSuccess: onSignedIn });
  const methods = useSignInMethods();
  const hasPasswords = methods.data?.password === true;
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
      {hasPasswords && <PasswordSignIn onSignedIn={onSignedIn} />}
      <OtherWay isFolded={hasPasswords || methods.data?.oidc != null}>
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
      </OtherWay>
    </FullPage>
  );
}

/** By a link: the only way as long as there are no accounts, and for whoever runs the server afterwards. */
function OtherWay({ isFolded, children }: { isFolded: boolean; children: ReactNode }) {
  if (!isFolded) return children;
  return (
    <details className="sign-in-other">
      <summary>By a link, a code or an API token</summary>
      {children}
    </details>
  );
}
