/** A new password, twice; and the old one of whoever has one. */
import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { changePassword } from "../../lib/api-accounts.ts";
import { ApiError } from "../../lib/errors.ts";
import "./me-menu.css";

const LEAST = 12;

export interface NewPasswordProps {
  readonly name: string;
  readonly asksOld: boolean;
  onDone(): void;
}

export function NewPassword({ name, asksOld, onDone }: NewPasswordProps) {
  const [texts, setTexts] = useState({ old: "", first: "", second: "" });
  const old = useRef<HTMLInputElement>(null);
  const change = useMutation({
    mutationFn: () => changePassword(texts.old, texts.first),
    onSuccess: onDone,
    onError: (error) => {
      if (isOldWrong(error)) old.current?.focus();
    },
  });
  const differs = texts.second !== "" && texts.first !== texts.second;
  const isReady = texts.first.length >= LEAST && texts.first === texts.second && (!asksOld || texts.old !== "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) change.mutate();
  };
  const field = (part: keyof typeof texts, label: string, autoComplete: string, more: object = {}) => (
    <PasswordInput
      label={label}
      autoComplete={autoComplete}
      mt="sm"
      value={texts[part]}
      onChange={(event) => {
        setTexts({ ...texts, [part]: event.currentTarget.value });
        change.reset();
      }}
      visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
      {...more}
    />
  );
  return (
    <form onSubmit={submit}>
      {/* By it the browser knows whose password it keeps. */}
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      {asksOld &&
        field("old", "Old password", "current-password", {
          ref: old,
          error: isOldWrong(change.error) ? change.error?.message : undefined,
        })}
      {field("first", "New password", "new-password", {
        description: `At least ${LEAST} characters. A few words are easy to keep.`,
      })}
      {field("second", "New password, again", "new-password", {
        error: differs ? "This is another one." : undefined,
      })}
      {change.error !== null && !isOldWrong(change.error) && (
        <p className="me-problem" role="alert">
          {change.error.message}
        </p>
      )}
      <Button type="submit" loading={change.isPending} disabled={!isReady} fullWidth mt="md">
        {asksOld ? "Change password" : "Set password"}
      </Button>
    </form>
  );
}

function isOldWrong(error: Error | null): boolean {
  return error instanceof ApiError && error.data.code === "REFUSED" && error.data.reason === "WRONG_PASSWORD";
}
