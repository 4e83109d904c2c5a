import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { fetchHealth } from "../../lib/api.ts";
import { makeEnrolToken } from "../../lib/api-enrol.ts";
import type { AgentHealth } from "../../lib/api-types.ts";
import { useHealth } from "../health/use-health.ts";
import { addressProblem, isLoopback, nameProblem } from "./agent-command.ts";
import type { AwaitedNode } from "./guide-dialog.tsx";
import { openGuide } from "./guide-state.ts";

function isReporting(agents: readonly AgentHealth[] | undefined, node: string): boolean {
  return agents?.some((agent) => agent.name === node && !agent.silent) === true;
}

/** What it is called, and where it finds this server. */
export function NameStep({ first, onNamed }: { first: string; onNamed(node: AwaitedNode): void }) {
  const [node, setNode] = useState(first);
  const [address, setAddress] = useState(window.location.origin);
  const [tried, setTried] = useState(false);
  const health = useHealth().data;
  const token = useMutation({
    mutationFn: async (node: string) => {
      const { agents } = await fetchHealth();
      return { isTaken: isReporting(agents, node), ...(await makeEnrolToken(node)) };
    },
    onSuccess: ({ token, created, isTaken }) => {
      onNamed({ node, address, token, since: created, isTaken });
      openGuide();
    },
  });
  const problems = { node: nameProblem(node), address: addressProblem(address) };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (problems.node === null && problems.address === null) token.mutate(node);
  };
  return (
    <form className="guide-form" onSubmit={submit} noValidate>
      <p>
        An agent on the node reports what the node's kernel tracks. It needs Linux and root, and Node.js 20 or newer; it listens
        on no port and changes no rule of your firewall.
      </p>
      <TextInput
        data-autofocus
        label="Name of the node"
        description="As rows and pages shall call it; the inventory's name, where it has one"
        placeholder="inetgw"
        autoComplete="off"
        spellCheck={false}
        value={node}
        onChange={(event) => setNode(event.currentTarget.value.trim())}
        error={tried || node !== "" ? problems.node : null}
      />
      {isReporting(health?.agents, node) && (
        <p className="guide-note">An agent of this name reports already. A second command is for moving it to another machine.</p>
      )}
      <TextInput
        label="This server, as the node reaches it"
        autoComplete="off"
        spellCheck={false}
        value={address}
        onChange={(event) => setAddress(event.currentTarget.value.trim())}
        error={problems.address}
      />
      {problems.address === null && isLoopback(address) && (
        <p className="guide-note">
          This address leads to the server from its own machine only. For another machine write one that it can reach, and start
          the server so that it listens there (<code>--listen</code>).
        </p>
      )}
      {token.isError && (
        <p className="guide-failed" role="alert">
          {token.error.message}
        </p>
      )}
      <div className="guide-actions">
        <Button type="submit" loading={token.isPending}>
          Make the command
        </Button>
      </div>
    </form>
  );
}
