/** `compliance.*`: when a day is signed, and with what. */
import { count, group, text } from "@flowtrail/settings";

export const complianceSchema = group({
  key_file: text({
    description: "file of the key that the manifests of days are signed with; made when the first day is signed",
    expected: "a path",
    placeholder: "file",
    default: undefined,
    defaultText: "compliance.key in the data directory",
  }),
  settle_hours: count({
    description: "time after the end of a day (UTC) until its manifest is made: most of what comes late is there then",
    min: 1,
    max: 72,
    unit: "h",
    default: 6,
  }),
});
