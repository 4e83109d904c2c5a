/** The question behind the list, for other tools: on the command line, by curl, and as the statements that the server sends. */
import { Button, Modal, Tabs } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fetchFlows } from "../../lib/api.ts";
import { Command, CopyButton } from "../../ui/command.tsx";
import { curlCommand, exportCommand } from "./export-request.ts";
import "./view-as.css";

export interface ViewAsProps {
  /** As `GET /api/flows` takes it. */
  readonly asked: URLSearchParams;
}

export function ViewAs({ asked }: ViewAsProps) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        h={32}
        px={9}
        aria-label="View as command, curl or SQL"
        title="View as command, curl or SQL"
        onClick={() => setOpened(true)}
      >
        <IconTerminal2 size={16} stroke={1.8} aria-hidden />
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="This question elsewhere"
        size={720}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Tabs defaultValue="cli" keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="cli">Command</Tabs.Tab>
            <Tabs.Tab value="curl">curl</Tabs.Tab>
            <Tabs.Tab value="sql">SQL</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="cli" className="view-as">
            <p>All of its rows as a file, on the server's machine; elsewhere with --server and --token-file.</p>
            <Command text={exportCommand({ asked, format: "ndjson", columns: null })} />
          </Tabs.Panel>
          <Tabs.Panel value="curl" className="view-as">
            <p>A page of it, with an API token of yours in FLOWTRAIL_TOKEN; `next` of the answer leads to the page behind.</p>
            <Command text={curlCommand(window.location.origin, `/api/flows?${asked}`, null)} />
          </Tabs.Panel>
          <Tabs.Panel value="sql" className="view-as">
            <Statements asked={asked} />
          </Tabs.Panel>
        </Tabs>
      </Modal>
    </>
  );
}

function Statements({ asked }: ViewAsProps) {
  const { data, error } = useQuery({
    queryKey: ["statements", asked.toString()],
    queryFn: ({ signal }) => fetchFlows(new URLSearchParams([...asked, ["explain", "sql"], ["limit", "1"]]), signal),
    retry: false,
  });
  if (error !== null) return <p role="alert">The server does not show it: {error.message}.</p>;
  if (data === undefined) return <p>Asking …</p>;
  const text = (data.meta.sql ?? [])
    .map(({ statement, parameters }) => `${statement}\n-- parameters: ${JSON.stringify(parameters)}`)
    .join("\n\n");
  return (
    <>
      <p>
        What the server asks ClickHouse for a page of it ({data.meta.table}). Values stand in the parameters.{" "}
        <CopyButton text={text} label="Copy SQL" />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label="SQL" className="view-as-sql">
        <pre>{text}</pre>
      </section>
    </>
  );
}
