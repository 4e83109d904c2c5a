import { formatBytes } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { IconDownload, IconPlayerStop } from "@tabler/icons-react";
import type { ExportFormat } from "./export-request.ts";
import { canStream } from "./save-stream.ts";
import { useSave } from "./use-save.ts";

export interface SaveButtonProps {
  readonly path: string;
  readonly format: ExportFormat;
  /** Bytes that the file will have, about. */
  readonly guess: number | null;
}

/** Starts the download, and says how far it is where the browser can tell. */
export function SaveButton({ path, format, guess }: SaveButtonProps) {
  const { saving, save, stop } = useSave();
  const icon = <IconDownload size={16} stroke={1.8} aria-hidden />;
  if (!canStream()) {
    return (
      <div className="export-save">
        <Button component="a" href={path} download={`flows.${format}`} leftSection={icon}>
          Download
        </Button>
        <span>Your browser shows the progress among its downloads.</span>
      </div>
    );
  }
  if (saving.state === "running") {
    return (
      <div className="export-save">
        <Button variant="default" leftSection={<IconPlayerStop size={16} stroke={1.8} aria-hidden />} onClick={stop}>
          Stop
        </Button>
        <progress {...(guess === null ? {} : { max: Math.max(guess, saving.bytes), value: saving.bytes })} aria-label="Written" />
        <span className="number">{formatBytes(saving.bytes)}</span>
      </div>
    );
  }
  return (
    <div className="export-save">
      <Button leftSection={icon} onClick={() => save(path, `flows.${format}`)}>
        Download
      </Button>
      <span role="status">
        {saving.state === "done" && `Written: ${formatBytes(saving.bytes)}, complete.`}
        {saving.state === "failed" && `It broke off, the file is not complete: ${saving.message}`}
      </span>
    </div>
  );
}
