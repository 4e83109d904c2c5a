/** The question for other tools: its address at the API, by curl, and as the statements that the server sends. */
import { Button, Modal, Tabs } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { useState } from "react";
import { Command } from "../../ui/command.tsx";
import { curlCommand } from "../export/export-request.ts";
import { Statements } from "../export/statements.tsx";

/** @param params as `GET /api/flows/top` takes them */
export function ViewQuestion({ params }: { params: URLSearchParams }) {
  const [opened, setOpened] = useState(false);
  const path = `/api/flows/top?${params}`;
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        leftSection={<IconTerminal2 size={14} aria-hidden />}
        onClick={() => setOpened(true)}
      >
        View as curl or SQL
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title="This question elsewhere"
        size={720}
        closeButtonProps={{ "aria-label": "Close" }}
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
      </Modal>
    </>
  );
}
