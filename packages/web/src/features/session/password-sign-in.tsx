import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { signInByName } from "../../lib/api-accounts.ts";

/** For people with an account here. Browsers fill it in. */
export function PasswordSignIn({ onSignedIn }: { onSignedIn(): void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const attempt = useMutation({ mutationFn: () => signInByName(name, password), onSuccess: onSignedIn });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && password !== "") attempt.mutate();
  };
  return (
    <form className="sign-in-form" onSubmit={submit}>
      <TextInput
        label="Name"
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        mt="sm"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={attempt.error?.message}
        visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
      />
      <Button type="submit" loading={attempt.isPending} disabled={name.trim() === "" || password === ""} fullWidth mt="md">
        Sign in
      </Button>
    </form>
  );
}
