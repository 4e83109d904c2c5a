/** All flows that are asked for as a file: how many there are is said first. */
import { type FlowJson, formatCount } from "@flowtrail/model";
import { SegmentedControl } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { Command } from "../../ui/command.tsx";
import { CostLine } from "../../ui/cost-line.tsx";
import { curlCommand, type ExportFormat, exportCommand, exportPath, guessBytes, guessText } from "./export-request.ts";
import { QuestionDialog } from "./question-dialog.tsx";
import { SaveButton } from "./save-button.tsx";
import { useEstimate } from "./use-estimate.ts";
import "./export.css";

const FORMATS: { value: ExportFormat; label: string }[] = [
  { value: "csv", label: "CSV" },
  { value: "ndjson", label: "NDJSON" },
  { value: "parquet", label: "Parquet" },
];
const FORMAT_TIPS: Readonly<Record<ExportFormat, string>> = {
  csv: "For spreadsheets and scripts: a line each row, the names in the first",
  ndjson: "A JSON object each line, as the API tells rows",
  parquet: "Compressed columns, for DuckDB, pandas and data warehouses",
};

export interface ExportProps {
  /** Which flows and which time, as the API takes it. */
  readonly asked: URLSearchParams;
  /** Columns of the API that the table shows. */
  readonly shown: readonly string[];
  /** Rows that are on the page: how large a row is. */
  readonly known: readonly FlowJson[];
}

export function ExportButton(props: ExportProps) {
  const icon = <IconDownload size={15} stroke={1.8} aria-hidden />;
  return (
    <QuestionDialog asked={props.asked} label="Export" title="Export" icon={icon} sizePx={560}>
      <ExportForm {...props} />
    </QuestionDialog>
  );
}

function ExportForm({ asked, shown, known }: ExportProps) {
  const [format, setFormat] = useState<ExportFormat>("csv");
  const [isShownOnly, setShownOnly] = useState(false);
  const estimate = useEstimate(asked);
  const request = { asked, format, columns: isShownOnly ? shown : null };
  const path = exportPath(request);
  const { data, error } = estimate;
  const guess = data === undefined ? null : guessBytes(request, data.count, known);
  return (
    <div className="export">
      <p className="export-count" aria-live="polite">
        {error !== null && <span role="alert">{error.message}</span>}
        {error === null && data === undefined && "Counting …"}
        {data !== undefined && (
          <>
            <strong>
              {data.exact ? "" : "about "}
              {formatCount(data.count)} {data.count === 1 ? "row" : "rows"}
            </strong>
            {guess !== null && <span title="Guessed from the rows on this page"> · {guessText(guess)}</span>}
          </>
        )}
      </p>
      <div className="export-choice">
        <SegmentedControl
          size="sm"
          aria-label="Format"
          data={FORMATS}
          value={format}
          onChange={(value) => setFormat(value as ExportFormat)}
        />
        <p>{FORMAT_TIPS[format]}</p>
      </div>
      <fieldset className="export-choice">
        <legend>Columns</legend>
        <label>
          <input type="radio" name="export-columns" checked={!isShownOnly} onChange={() => setShownOnly(false)} /> All
        </label>
        <label title={shown.join(", ")}>
          <input type="radio" name="export-columns" checked={isShownOnly} onChange={() => setShownOnly(true)} /> Those of the
          table ({shown.length})
        </label>
      </fieldset>
      <SaveButton path={path} format={format} guess={guess} />
      <details className="export-elsewhere">
        <summary>The same on the command line</summary>
        <Command text={exportCommand(request)} />
        <Command text={curlCommand(window.location.origin, path, `flows.${format}`)} />
      </details>
      <CostLine meta={data?.meta} note={data?.note} exact={data?.exact} />
    </div>
  );
}
