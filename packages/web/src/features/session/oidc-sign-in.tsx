/** The way to the OpenID provider and back, and what went wrong on it. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { withoutFragment } from "./link.ts";
import { oidcFailure } from "./oidc-failure.ts";
import { useSignInMethods } from "./use-sign-in-methods.ts";

/** Nothing where the server has no provider. */
export function OidcSignIn() {
  const failure = useOidcFailure();
  const methods = useSignInMethods();
  const provider = methods.data?.oidc ?? null;
  const here = window.location.pathname + window.location.search;
  return (
    <>
      {failure !== null && (
        <p className="full-page-problem" role="alert">
          {failure}
        </p>
      )}
      {provider !== null && (
        <Button component="a" href={`/api/auth/oidc/start?to=${encodeURIComponent(here)}`} fullWidth mb="md">
          Sign in with {provider.name}
        </Button>
      )}
    </>
  );
}

/** Taken out of the address: who loads the page again has not failed again. */
function useOidcFailure(): string | null {
  const [failure] = useState(() => oidcFailure(window.location.hash));
  useEffect(() => {
    if (failure !== null) window.history.replaceState(null, "", withoutFragment(window.location.href));
  }, [failure]);
  return failure;
}
