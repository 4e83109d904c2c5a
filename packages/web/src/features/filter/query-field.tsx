/** A field for the filter language: completion by keyboard and pointer, and mistakes shown under their characters. */
import { FilterError } from "@flowtrail/model";
import { type KeyboardEvent, type Ref, useEffect, useId, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { readFilter } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { type Choice, ChoiceList } from "./choice-list.tsx";
import { MistakeMark } from "./mistake-mark.tsx";
import { take } from "./take.ts";
import { useCompletion } from "./use-completion.ts";
import "./query-field.css";

export interface QueryFieldProps {
  readonly label: string;
  readonly text: string;
  readonly placeholder?: string;
  /** Offered while nothing is written: whole queries. */
  readonly starts?: readonly Choice[];
  readonly autoFocus?: boolean;
  readonly ref?: Ref<{ focus(): void }>;
  onText(text: string): void;
  /** A text that is a filter was confirmed. */
  onSubmit(text: string): void;
  /** Esc, when there is nothing to close. */
  onEscape?(): void;
}

const NO_STARTS: readonly Choice[] = [];

export function QueryField(props: QueryFieldProps) {
  const { label, text, placeholder, starts = NO_STARTS, autoFocus = false, ref, onText, onSubmit, onEscape } = props;
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const messageId = useId();
  const { asked } = useAsked();
  const [at, setAt] = useState(text.length);
  const [isFocused, setFocused] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [tried, setTried] = useState(false);
  /** Where the cursor is put once the new text is in the field, before another key is pressed. */
  const [cursor, setCursor] = useState<number | null>(null);
  useLayoutEffect(() => {
    if (cursor === null) return;
    input.current?.setSelectionRange(cursor, cursor);
    setCursor(null);
  }, [cursor]);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.select() }));
  useEffect(() => {
    if (autoFocus) input.current?.focus();
  }, [autoFocus]);

  const completion = useCompletion(text, at, asked, isOpen);
  const write = (next: string, place: number) => {
    onText(next);
    setAt(place);
    setTried(false);
    setActive(-1);
    setOpen(true);
    setCursor(place);
  };
  const choices: readonly Choice[] = [
    ...(text.trim() === "" ? starts : []),
    ...completion.suggestions.map((suggestion): Choice => {
      const { text: name, detail, count, kind } = suggestion;
      return {
        id: `${kind} ${name}`,
        group: text.trim() === "" ? "Fields" : null,
        label: name,
        detail,
        count,
        isCode: true,
        choose: () => {
          const taken = take(text, completion, suggestion);
          write(taken.text, taken.at);
        },
      };
    }),
  ];
  const shown = isOpen && isFocused && choices.length > 0;

  const filter = readFilter(text);
  const error = filter instanceof FilterError ? filter : null;
  // Whoever is still writing there knows that it is not finished.
  const { offset, length } = error?.data ?? { offset: 0, length: 0 };
  const mistake = error !== null && (tried || !isFocused || offset + length < at) ? error : null;

  const submit = () => {
    setOpen(false);
    if (error === null) onSubmit(text.trim());
    else setTried(true);
  };
  const choose = (index: number) => {
    choices[index]?.choose();
    setActive(-1);
  };
  const keyDown = (event: KeyboardEvent) => {
    const handled = () => {
      event.preventDefault();
      event.stopPropagation();
    };
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      handled();
      if (!shown) return setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((before) => (before + step + choices.length + (before < 0 && step < 0 ? 1 : 0)) % choices.length);
    } else if (event.key === "Enter") {
      handled();
      if (shown && active >= 0) choose(active);
      else submit();
    } else if (event.key === "Tab" && !event.shiftKey && shown && (active >= 0 || completion.from < completion.to)) {
      handled();
      choose(Math.max(active, 0));
    } else if (event.key === "Escape") {
      handled();
      if (shown) setOpen(false);
      else onEscape?.();
    }
  };
  const moved = () => setAt(input.current?.selectionStart ?? text.length);

  return (
    <div className="query-field">
      <div className={`query-field-line${mistake === null ? "" : " query-field-wrong"}`}>
        {mistake !== null && <MistakeMark text={text} offset={offset} length={length} input={input} />}
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded={shown}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={shown && active >= 0 ? `${listId}-${active}` : undefined}
          aria-invalid={mistake !== null}
          aria-describedby={mistake === null ? undefined : messageId}
          placeholder={placeholder}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            onText(event.currentTarget.value);
            setAt(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
            setTried(false);
            setActive(-1);
            setOpen(true);
          }}
          onSelect={moved}
          onFocus={() => {
            setFocused(true);
            if (text.trim() === "") setOpen(true);
          }}
          onClick={() => setOpen(true)}
          onBlur={() => {
            setFocused(false);
            setActive(-1);
          }}
          onKeyDown={keyDown}
        />
      </div>
      {mistake !== null && (
        <p id={messageId} className="query-mistake" role="alert">
          {mistake.message}
        </p>
      )}
      <ChoiceList
        id={listId}
        label={`${label}: suggestions`}
        choices={shown ? choices : NO_STARTS}
        active={active}
        onChoose={choose}
      />
    </div>
  );
}
