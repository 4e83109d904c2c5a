import { type RefObject, useLayoutEffect, useRef } from "react";

interface MistakeMarkProps {
  readonly text: string;
  readonly offset: number;
  readonly length: number;
  readonly input: RefObject<HTMLInputElement | null>;
}

/** The field's text once more, with a line under the mistake; the field's own is not seen meanwhile. It scrolls with the field. */
export function MistakeMark({ text, offset, length, input }: MistakeMarkProps) {
  const mark = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const field = input.current;
    const follow = () => {
      if (mark.current !== null && field !== null) mark.current.scrollLeft = field.scrollLeft;
    };
    follow();
    field?.addEventListener("scroll", follow);
    return () => field?.removeEventListener("scroll", follow);
  }, [input]);
  return (
    <div ref={mark} className="mistake-mark" aria-hidden>
      {text.slice(0, offset)}
      {/* Where something is missing, there is at least a space. */}
      <mark>{text.slice(offset, offset + length) || " "}</mark>
      {text.slice(offset + length)}
    </div>
  );
}
