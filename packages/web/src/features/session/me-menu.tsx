/** Who is signed in, what they may do, and the ways out. Nothing where nobody is asked who they are. */
import { ActionIcon, Button, Modal, Popover } from "@mantine/core";
import { IconDoorExit, IconKey, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { useState } from "react";
import { signOut } from "../../lib/api.ts";
import { signOutEverywhere } from "../../lib/api-accounts.ts";
import { grantText } from "../../lib/grant-words.ts";
import { useViewer } from "../../lib/me.ts";
import { NewPassword } from "./new-password.tsx";
import { useSignedOut } from "./use-signed-out.ts";
import "./me-menu.css";

export function MeMenu() {
  const signedOut = useSignedOut();
  const { data: me } = useViewer();
  const [isOpen, setOpen] = useState(false);
  const [changing, setChanging] = useState<"no" | "asked" | "done">("no");
  const [problem, setProblem] = useState<string | null>(null);
  if (me?.kind !== "session" || me.role === null) return null;
  const { account, name } = me;
  const leave = (work: () => Promise<unknown>) => () => {
    work().then(
      // Else the provider would sign the next person in as this one, without a word.
      () => (account?.source === "oidc" ? window.location.assign("/api/auth/oidc/end") : signedOut()),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  return (
    <>
      <Popover position="top-start" width={250} opened={isOpen} onChange={setOpen} trapFocus returnFocus shadow="md">
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Account of ${name}`}
            title={`Signed in as ${name}`}
            onClick={() => setOpen(!isOpen)}
          >
            <IconUserCircle size={18} stroke={1.7} />
          </ActionIcon>
        </Popover.Target>
        <Popover.Dropdown aria-label="Your account" role="region" p={4}>
          <div className="me-who">
            <strong>{account === null ? "Signed in by a link or a token" : name}</strong>
            <span>{grantText({ role: me.role, networks: me.networks, own: me.own })}</span>
            {problem !== null && <span role="alert">{problem}</span>}
          </div>
          {account?.source === "local" && (
            <button
              type="button"
              className="me-item"
              onClick={() => {
                setOpen(false);
                setChanging("asked");
              }}
            >
              <IconKey size={15} aria-hidden /> Change password
            </button>
          )}
          {/* Whom a proxy vouches for signs out there. */}
          {account?.source !== "proxy" && (
            <button type="button" className="me-item" onClick={leave(signOut)}>
              <IconLogout size={15} aria-hidden /> Sign out
            </button>
          )}
          {account !== null && account.source !== "proxy" && (
            <button type="button" className="me-item" onClick={leave(signOutEverywhere)}>
              <IconDoorExit size={15} aria-hidden /> Sign out everywhere
            </button>
          )}
        </Popover.Dropdown>
      </Popover>
      <Modal
        opened={changing !== "no"}
        onClose={() => setChanging("no")}
        title="Change password"
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {changing === "done" ? (
          <>
            <p className="me-note" role="status">
              The password is changed. You stay signed in here; everywhere else you have to sign in again.
            </p>
            <Button data-autofocus autoFocus fullWidth mt="md" onClick={() => setChanging("no")}>
              Done
            </Button>
          </>
        ) : (
          <>
            <p className="me-note">You stay signed in here; everywhere else you have to sign in again.</p>
            <NewPassword name={name ?? ""} asksOld onDone={() => setChanging("done")} />
          </>
        )}
      </Modal>
    </>
  );
}
