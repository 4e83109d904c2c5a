import type { StoreReport } from "@flowtrail/model";
import { useState } from "react";
import { fetchRetention, setRetention } from "../../lib/api-settings.ts";
import { Banner } from "../../ui/banner.tsx";
import { keptSentences } from "../health/store-words.ts";
import { Field, Fields } from "./fields.tsx";
import { Holds } from "./holds.tsx";
import { deletionSentences, KEPT_FIELDS, type KeptTexts, keptChange, keptMistakes, retentionBasis } from "./retention-words.ts";
import { ReviewBar } from "./review-bar.tsx";
import { useChange } from "./use-change.ts";
import { RETENTION, useFresh } from "./use-settings.ts";

/** What is kept how long, up to which size, and what must not be deleted. */
export function RetentionSection({ report }: { report: StoreReport }) {
  const [texts, setTexts] = useState<KeptTexts>({});
  const change = keptChange(texts, report.settings);
  const flow = useChange({
    preview: async () => deletionSentences(await setRetention(change ?? {}, true)),
    basis: async () => retentionBasis(await fetchRetention()),
    save: async () => {
      await setRetention(change ?? {}, false);
      return "Saved. What is not kept any more is deleted within a minute.";
    },
    done: () => setTexts({}),
  });
  useFresh(RETENTION, change === null);
  const write = (next: KeptTexts) => {
    setTexts(next);
    flow.edited();
  };
  const mistakes = { ...flow.problems, ...keptMistakes(texts) };
  return (
    <>
      {report.problem !== null && <Banner kind="bad">{report.problem}</Banner>}
      <div className="settings-facts">
        {keptSentences(report).map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <Fields flow={flow}>
        <div className="settings-grid">
          {KEPT_FIELDS.map(({ name, label, about, unit }) => (
            <Field
              key={name}
              label={label}
              {...(unit === undefined ? {} : { unit })}
              about={`${about} As configured: ${report.defaults[name]}.`}
              value={texts[name] ?? String(report.settings[name])}
              mistake={mistakes[name]}
              onChange={(text) => write({ ...texts, [name]: text })}
            />
          ))}
        </div>
      </Fields>
      <ReviewBar
        flow={flow}
        isDirty={change !== null}
        isWrong={Object.keys(keptMistakes(texts)).length > 0}
        onDiscard={() => write({})}
      />
      <Holds holds={report.holds} />
    </>
  );
}
