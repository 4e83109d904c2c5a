import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiToken, type MadeToken, makeToken, revokeToken } from "../../lib/api-tokens.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Command } from "../../ui/command.tsx";
import { Choice, Field } from "./fields.tsx";
import { focusIfLost, focusNow, SECTION_TITLE } from "./focus.ts";
import { TOKENS_KEY } from "./use-settings.ts";

const KINDS: Readonly<Record<ApiToken["kind"], string>> = {
  api: "Program",
  agent: "Agent",
  enrol: "Enrolment",
  session: "Signed in",
  signin: "Sign-in link",
};

/** Who may use the API: made, shown once, taken back. */
export function AccessSection({ tokens }: { tokens: readonly ApiToken[] }) {
  const clock = useClock();
  const [problem, setProblem] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  /** It was asked for and left: its button has the focus again. */
  const [kept, setKept] = useState<string | null>(null);
  const client = useQueryClient();
  const revoke = (id: string) => {
    setBusy(true);
    return revokeToken(id)
      .then(() => setProblem(null))
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        setBusy(false);
        setRevoking(null);
        focusIfLost(SECTION_TITLE);
        void client.invalidateQueries({ queryKey: TOKENS_KEY });
      });
  };
  return (
    <>
      <MakeToken />
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="settings-table" tabIndex={0} aria-label="Tokens">
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Kind</th>
              <th scope="col">Made</th>
              <th scope="col">Ends</th>
              <th scope="col">
                <span className="visually-hidden">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.map(({ id, kind, name, node, created, expires }) => (
              <tr key={id}>
                <th scope="row">{node !== null && node !== name ? `${name} (node ${node})` : name}</th>
                <td>{KINDS[kind]}</td>
                <td title={clock.exact(Date.parse(created))}>{clock.dayAndTime(Date.parse(created))}</td>
                <td>{expires === null ? "when it is revoked" : clock.dayAndTime(Date.parse(expires))}</td>
                <td className="settings-right">
                  {revoking === id ? (
                    <>
                      <span className="settings-note" tabIndex={-1} ref={focusNow}>
                        Worthless at once.{" "}
                      </span>
                      <Button size="compact-sm" color="red" variant="light" disabled={isBusy} onClick={() => void revoke(id)}>
                        Revoke
                      </Button>{" "}
                      <Button
                        size="compact-sm"
                        variant="default"
                        disabled={isBusy}
                        onClick={() => {
                          setRevoking(null);
                          setKept(id);
                        }}
                      >
                        Keep
                      </Button>
                    </>
                  ) : (
                    <Button
                      size="compact-sm"
                      variant="default"
                      autoFocus={kept === id}
                      aria-label={`Revoke ${name}`}
                      onClick={() => {
                        setKept(null);
                        setRevoking(id);
                      }}
                    >
                      Revoke
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function MakeToken() {
  const [kind, setKind] = useState<"api" | "agent">("api");
  const [name, setName] = useState("");
  const [made, setMade] = useState<MadeToken | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  /** Not a mutation's: that says so a moment later, and a second click would come first. */
  const [isMaking, setMaking] = useState(false);
  const client = useQueryClient();
  const make = async () => {
    setMaking(true);
    try {
      setMade(await makeToken(kind === "agent" ? { kind, node: name.trim() } : { kind, name: name.trim() }));
      setName("");
      setProblem(null);
      await client.invalidateQueries({ queryKey: TOKENS_KEY });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setMaking(false);
    }
  };
  return (
    <form
      className="settings-make"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <Choice<"api" | "agent">
        label="New token for"
        value={kind}
        options={[
          { value: "api", label: "a program" },
          { value: "agent", label: "a node's agent" },
        ]}
        onChange={(value) => setKind(value)}
      />
      <Field label={kind === "agent" ? "Node" : "What it is for"} value={name} mistake={problem} onChange={setName} />
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
