/** What went wrong with signing in at a provider: its word is in the fragment of the address that the server sent the browser to. */

const SENTENCES: Readonly<Record<string, string>> = {
  away: "The sign-in service does not answer. Try again in a moment; the server's log says why.",
  denied: "The sign-in service did not let you in, or you cancelled.",
  refused: "The sign-in service refused this server's request. An administrator finds the reason in the server's log.",
  lapsed: "That sign-in took too long, or was used already. Try again.",
  not_begun: "That sign-in was not started in this browser, or was started anew in another tab. Try again.",
  not_verified:
    "The sign-in service's answer could not be verified, so nobody was signed in. An administrator finds the reason in the server's log.",
  no_grant:
    "You are known to the sign-in service, but nothing here is for you or your groups. An administrator adds a rule to auth.grants.",
  disabled: "Your account is disabled here. An administrator can enable it again.",
  failed: "Signing in failed. The server's log says why.",
};

/** Null: nothing went wrong. Words that nobody knows are not shown: anybody can write an address. */
export function oidcFailure(hash: string): string | null {
  const word = /^#signin-error=(\w+)$/.exec(hash)?.[1];
  if (word === undefined) return null;
  return (Object.hasOwn(SENTENCES, word) ? SENTENCES[word] : SENTENCES.failed) ?? null;
}
