/** Shows the page to whoever has a session, and the way to one to everybody else. */
import { useQueryClient } from "@tanstack/react-query";
import { Fragment, type ReactNode, useEffect, useState } from "react";
import { signIn } from "../../lib/api.ts";
import { askAgainWho, signedInAs, useViewer } from "../../lib/me.ts";
import { FullPage, FullPageError } from "../../ui/full-page.tsx";
import { ChoosePassword } from "./choose-password.tsx";
import { codeInFragment, withoutFragment } from "./link.ts";
import { SignIn } from "./sign-in.tsx";
import { useAskAgainWho } from "./use-ask-again-who.ts";

export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const link = useLinkSignIn();
  const viewer = useViewer(link.done);
  const { data, error } = viewer;
  useAskAgainWho(data);

  if (data === null) return <SignIn linkError={link.error} onSignedIn={() => void client.resetQueries()} />;
  if (data?.account?.source === "local" && !data.account.has_password) return <ChoosePassword name={data.name ?? ""} />;
  // The key: what somebody has typed and was shown is not for the next one.
  if (data !== undefined) return <Fragment key={signedInAs(data)}>{children}</Fragment>;
  if (error) return <FullPageError message={error.message} onRetry={() => void viewer.refetch()} />;
  return <FullPage busy />;
}

/**
 * Changes the one-time code of `/#signin=<code>` into a session, once, and takes it out of the address and the history:
 * of the address that was opened, and of one that is pasted into a tab that shows the page already.
 */
function useLinkSignIn(): { done: boolean; error: string | null } {
  const client = useQueryClient();
  const [state, setState] = useState(() => ({
    done: codeInFragment(window.location.hash) === null,
    error: null as string | null,
  }));
  useEffect(() => {
    const take = () => {
      const code = codeInFragment(window.location.hash);
      if (code === null) return;
      window.history.replaceState(null, "", withoutFragment(window.location.href));
      signIn(code).then(
        () => {
          askAgainWho(client);
          setState({ done: true, error: null });
        },
        (error: unknown) => setState({ done: true, error: error instanceof Error ? error.message : String(error) }),
      );
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, [client]);
  return state;
}
