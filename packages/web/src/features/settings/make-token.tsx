import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Grant } from "../../lib/api-accounts.ts";
import { type MadeToken, makeToken } from "../../lib/api-tokens.ts";
import { grantToSend } from "../../lib/grant-words.ts";
import { Command } from "../../ui/command.tsx";
import { Choice, Field } from "./fields.tsx";
import { GrantFields } from "./grant-fields.tsx";
import { TOKENS_KEY } from "./use-settings.ts";

const LIVES = { "30": "30 days", "90": "90 days", "365": "a year", never: "until it is revoked" } as const;
type Life = keyof typeof LIVES;
const DAY_MS = 86_400_000;
/** What a program needs that asks for flows. */
const LEAST: Grant = { role: "viewer", networks: null, own: null };

export function MakeToken() {
  const [kind, setKind] = useState<"api" | "agent">("api");
  const [name, setName] = useState("");
  const [grant, setGrant] = useState(LEAST);
  const [life, setLife] = useState<Life>("90");
  const [made, setMade] = useState<MadeToken | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  /** Not a mutation's: that says so a moment later, and a second click would come first. */
  const [isMaking, setMaking] = useState(false);
  const client = useQueryClient();
  const make = async () => {
    setMaking(true);
    try {
      const called = name.trim();
      const expires = life === "never" ? {} : { expires: new Date(Date.now() + Number(life) * DAY_MS).toISOString() };
      setMade(
        await makeToken(kind === "agent" ? { kind, node: called } : { kind, name: called, ...grantToSend(grant), ...expires }),
      );
      setName("");
      setProblem(null);
      await client.invalidateQueries({ queryKey: TOKENS_KEY });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setMaking(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void make();
  };
  return (
    <form className="settings-make" onSubmit={submit}>
      <Choice<"api" | "agent">
        label="New token for"
        value={kind}
        options={[
          { value: "api", label: "a program" },
          { value: "agent", label: "a node's agent" },
        ]}
        onChange={setKind}
      />
      <Field label={kind === "agent" ? "Node" : "What it is for"} value={name} mistake={problem} onChange={setName} />
      {kind === "api" && (
        <div className="settings-make-grant">
          <GrantFields value={grant} onChange={setGrant} />
          <Choice<Life>
            label="Good for"
            value={life}
            options={(["30", "90", "365", "never"] as const).map((value) => ({ value, label: LIVES[value] }))}
            onChange={setLife}
          />
        </div>
      )}
      <Button type="submit" size="sm" loading={isMaking} disabled={name.trim() === ""}>
        Make token
      </Button>
      {made !== null && (
        <div className="settings-secret" role="status">
          <p>
            Token of <strong>{made.name}</strong>. It is shown this once: copy it now.
          </p>
          <Command text={made.token} />
        </div>
      )}
    </form>
  );
}
