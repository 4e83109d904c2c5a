/** Any value, anywhere: what can be asked with it, in one click or one key. */
import { readPseudonym, shortPseudonym, type Value } from "@flowtrail/model";
import { Menu } from "@mantine/core";
import {
  IconArrowsExchange,
  IconArrowsLeftRight,
  IconCircleMinus,
  IconCirclePlus,
  IconCopy,
  IconExternalLink,
  IconEye,
  IconFocusCentered,
} from "@tabler/icons-react";
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type Ref,
  type SyntheticEvent,
  useId,
  useRef,
  useState,
} from "react";
import { writeAsked } from "../lib/asked.ts";
import { copyText } from "../lib/copy-text.ts";
import { exclude, include, only, whyUnchanged } from "../lib/filter-edit.ts";
import { eitherEnd, swapEnds } from "../lib/filter-edit-ends.ts";
import { eitherField } from "../lib/filter-edit-fields.ts";
import { fieldLabel, valueLabel } from "../lib/filter-text.ts";
import { useMe } from "../lib/me.ts";
import { type EntityKind, entityPath } from "../lib/paths.ts";
import { type editQuery, useAsked, useEditQuery } from "../lib/use-asked.ts";
import { PageLink } from "./page-link.tsx";
import { RevealDialog } from "./reveal-dialog.tsx";
import "./value-menu.css";

export interface FieldValueProps {
  /** Of the filter language: `src.name`. */
  readonly field: string;
  readonly value: Value;
  /** What kind of thing has this name, address or domain: it has a page of its own. */
  readonly entity?: EntityKind | undefined;
  readonly title?: string | undefined;
  readonly className?: string;
  /** -1 in tables, whose rows are walked with other keys. */
  readonly tabIndex?: 0 | -1;
  /** Instead of the menu, which two clicks open and close. */
  readonly onDoubleClick?: (() => void) | undefined;
  readonly children?: ReactNode;
}

/** The menu's clicks and keys are no clicks on the row that the value stands in. */
const stop = (event: SyntheticEvent) => event.stopPropagation();

export function FieldValue({
  field,
  value,
  entity,
  title,
  className = "",
  tabIndex = 0,
  onDoubleClick,
  children,
}: FieldValueProps) {
  const [opened, setOpened] = useState(false);
  const [isRevealing, setRevealing] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const edit = useEditQuery();
  const changed = (isOpen: boolean) => {
    setOpened(isOpen);
    if (!isOpen) button.current?.focus({ preventScroll: true });
  };
  const click = (event: MouseEvent) => {
    event.stopPropagation();
    setOpened(true);
  };
  return (
    <span className={`field-value ${className}`}>
      <button
        ref={button}
        id={id}
        type="button"
        className="field-value-text cut"
        title={title}
        tabIndex={tabIndex}
        aria-haspopup="menu"
        aria-expanded={opened}
        onClick={click}
        onDoubleClick={
          onDoubleClick &&
          (() => {
            changed(false);
            onDoubleClick();
          })
        }
        onKeyDown={(event) => pressOn(field, value, event, edit)}
      >
        {children ?? valueLabel(field, value)}
      </button>
      {opened && (
        // Made when it is opened: a table holds hundreds of values.
        <Menu opened onChange={changed} position="bottom-start">
          <Menu.Target>
            <Anchor />
          </Menu.Target>
          <Menu.Dropdown aria-labelledby={id} onClick={stop} onDoubleClick={stop} onMouseDown={stop}>
            <ValueMenuItems field={field} value={value} entity={entity} onReveal={() => setRevealing(true)} />
          </Menu.Dropdown>
        </Menu>
      )}
      {isRevealing && (
        // A dialog's clicks are none on the row that it came from.
        // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps events from those around it
        <span onClick={stop} onDoubleClick={stop} onMouseDown={stop} onKeyDown={stop}>
          <RevealDialog pseudonym={String(value)} onClose={() => setRevealing(false)} />
        </span>
      )}
    </span>
  );
}

/** Where the menu stands. The button says itself that it has one. */
function Anchor({ ref }: { ref?: Ref<HTMLSpanElement> }) {
  return <span ref={ref} className="field-value-anchor" />;
}

const EDITS = { f: include, x: exclude, e: eitherEnd } as const;

/** `f`, `x` and `e` ask for the focused value, for all but it, and for it at either end. */
function pressOn(field: string, value: Value, event: KeyboardEvent, edit: typeof editQuery): void {
  if (event.key === "Enter" || event.key === " ") event.stopPropagation();
  if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(EDITS, event.key)) return;
  event.preventDefault();
  edit((q) => EDITS[event.key as keyof typeof EDITS](q, field, value));
}

const ICON = { size: 15, stroke: 1.7, "aria-hidden": true } as const;

function ValueMenuItems({
  field,
  value,
  entity,
  onReveal,
}: Pick<FieldValueProps, "field" | "value" | "entity"> & { onReveal(): void }) {
  const { asked, change } = useAsked();
  const { maySet } = useMe();
  const edit = (label: string, q: string, icon: ReactNode, key?: string) => (
    <Menu.Item
      leftSection={icon}
      rightSection={key === undefined ? undefined : <kbd className="value-menu-key">{key}</kbd>}
      disabled={q === asked.q}
      title={q === asked.q ? whyUnchanged(asked.q) : undefined}
      onClick={() => change({ q })}
    >
      {label}
    </Menu.Item>
  );
  const hasEnds = eitherField(field) !== null;
  return (
    <>
      <Menu.Label className="cut">
        {fieldLabel(field)}: {valueLabel(field, value)}
      </Menu.Label>
      {edit("Only this", only(asked.q, field, value), <IconFocusCentered {...ICON} />)}
      {edit("Include", include(asked.q, field, value), <IconCirclePlus {...ICON} />, "f")}
      {edit("Exclude", exclude(asked.q, field, value), <IconCircleMinus {...ICON} />, "x")}
      {hasEnds && edit("Either end", eitherEnd(asked.q, field, value), <IconArrowsLeftRight {...ICON} />, "e")}
      {hasEnds && edit("Swap ends of the query", swapEnds(asked.q), <IconArrowsExchange {...ICON} />)}
      <Menu.Divider />
      <Menu.Item leftSection={<IconCopy {...ICON} />} onClick={() => void copyText(String(value ?? ""))}>
        Copy
      </Menu.Item>
      {maySet && readPseudonym(String(value)) !== null && (
        <Menu.Item leftSection={<IconEye {...ICON} />} onClick={onReveal}>
          Reveal…
        </Menu.Item>
      )}
      {entity !== undefined && value !== null && (
        <Menu.Item
          component={PageLink}
          path={entityPath(entity)}
          // Over the same time, but all that it does.
          params={writeAsked({ ...asked, q: "" }, new URLSearchParams({ name: String(value) }))}
          leftSection={<IconExternalLink {...ICON} />}
        >
          Open {shortPseudonym(String(value))}
        </Menu.Item>
      )}
    </>
  );
}
