import { Accounts } from "./accounts.tsx";
import { Asked } from "./asked.tsx";
import { Tokens } from "./tokens.tsx";
import { useAccounts, useTokens } from "./use-settings.ts";

/** Who gets in: people by their accounts, programs and agents by tokens. */
export function AccessSection() {
  return (
    <>
      <Asked query={useAccounts()}>{(accounts) => <Accounts accounts={accounts} />}</Asked>
      <Asked query={useTokens()}>{(tokens) => <Tokens tokens={tokens} />}</Asked>
    </>
  );
}
