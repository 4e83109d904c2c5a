import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Component, type ReactNode } from "react";
import { Empty } from "./empty.tsx";

/** Keeps the rest of the page alive when a screen fails, or its code cannot be loaded (the server was updated or is away). */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error: error ?? "unknown" };
  }

  override render(): ReactNode {
    const { error } = this.state as { error: unknown };
    if (error === null) return this.props.children;
    return (
      <div role="alert" className="screen-failed">
        <Empty
          icon={<IconAlertTriangle size={26} stroke={1.6} />}
          title="This screen could not be shown"
          // What failed to load stays failed until the page is loaded anew; the address keeps what was asked.
          actions={<Button onClick={() => window.location.reload()}>Try again</Button>}
        >
          <p>{error instanceof Error ? error.message : String(error)}</p>
        </Empty>
      </div>
    );
  }
}
