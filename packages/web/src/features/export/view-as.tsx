/** The question behind the list, for other tools: on the command line, by curl, and as the statements that the server sends. */
import { Tabs } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { Command } from "../../ui/command.tsx";
import { curlCommand, exportCommand } from "./export-request.ts";
import { QuestionDialog } from "./question-dialog.tsx";
import { Statements } from "./statements.tsx";
import "./view-as.css";

export interface ViewAsProps {
  /** As `GET /api/flows` takes it. */
  readonly asked: URLSearchParams;
}

export function ViewAs({ asked }: ViewAsProps) {
  return (
    <QuestionDialog
      asked={asked}
      label="View as command, curl or SQL"
      title="This question elsewhere"
      icon={<IconTerminal2 size={16} stroke={1.8} aria-hidden />}
      iconOnly
      sizePx={720}
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
          <Statements path={`/api/flows?${new URLSearchParams([...asked, ["limit", "1"]])}`} what="a page of it" />
        </Tabs.Panel>
      </Tabs>
    </QuestionDialog>
  );
}
