/** The question for other tools: its address at the API, by curl, and as the statements that the server sends. */
import { Tabs } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { Command } from "../../ui/command.tsx";
import { curlCommand } from "../export/export-request.ts";
import { QuestionDialog } from "../export/question-dialog.tsx";
import { Statements } from "../export/statements.tsx";

/** @param params as `GET /api/flows/top` takes them */
export function ViewQuestion({ params }: { params: URLSearchParams }) {
  const path = `/api/flows/top?${params}`;
  return (
    <QuestionDialog
      asked={params}
      label="View as curl or SQL"
      title="This question elsewhere"
      icon={<IconTerminal2 size={14} aria-hidden />}
      small
      sizePx={720}
    >
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="curl">curl</Tabs.Tab>
          <Tabs.Tab value="sql">SQL</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curl" className="view-as">
          <p>The same answer from the API, with an API token of yours in FLOWTRAIL_TOKEN.</p>
          <Command text={curlCommand(window.location.origin, path, null)} />
        </Tabs.Panel>
        <Tabs.Panel value="sql" className="view-as">
          <Statements path={path} what="it" />
        </Tabs.Panel>
      </Tabs>
    </QuestionDialog>
  );
}
