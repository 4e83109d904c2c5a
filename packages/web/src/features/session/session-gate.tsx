/** Shows the page to whoever has a session, and the way to one to everybody else. */
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { onSignedOut, signIn } from "../../lib/api.ts";
import { ApiError } from "../../lib/errors.ts";
import { useViewer, VIEWER_KEY } from "../../lib/me.ts";
import { FullPage, FullPageError } from "../../ui/full-page.tsx";
import { ChoosePassword } from "./choose-password.tsx";
import { codeInFragment, withoutFragment } from "./link.ts";
import { SignIn } from "./sign-in.tsx";

export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const link = useLinkSignIn();
  const viewer = useViewer(link.done);
  useEffect(() => {
    onSignedOut(() => void client.invalidateQueries({ queryKey: VIEWER_KEY }));
  }, [client]);

  const { data, error } = viewer;
  if (error instanceof ApiError && error.code === "SIGN_IN") {
    return <SignIn linkError={link.error} onSignedIn={() => void client.resetQueries()} />;
  }
  if (data?.account?.source === "local" && !data.account.has_password) return <ChoosePassword name={data.name ?? ""} />;
  if (data !== undefined) return children;
  if (error) return <FullPageError message={error.message} onRetry={() => void viewer.refetch()} />;
  return <FullPage busy />;
}

/** Changes the one-time code of `/#signin=<code>` into a session, once, and takes it out of the address and the history. */
function useLinkSignIn(): { done: boolean; error: string | null } {
  const [state, setState] = useState(() => ({
    done: codeInFragment(window.location.hash) === null,
    error: null as string | null,
  }));
  useEffect(() => {
    const code = codeInFragment(window.location.hash);
    if (code === null) return;
    window.history.replaceState(null, "", withoutFragment(window.location.href));
    signIn(code).then(
      () => setState({ done: true, error: null }),
      (error: unknown) => setState({ done: true, error: error instanceof Error ? error.message : String(error) }),
    );
  }, []);
  return state;
}
