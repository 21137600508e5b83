/** The flows' view of rich text, over the ADF functions of this folder. */
import type { TextPort } from "../sync/ports.ts";
import { caseDescriptionAdf, messageToAdf } from "./adf/build.ts";
import { adfMediaReferences, adfToText } from "./adf/to-text.ts";
import { withNote } from "./adf/withdrawn.ts";

/** Makes the text port. Holds no state; `adfToText` and `mediaReferences` never throw on JSON. */
export function makeTextPort(): TextPort {
  return {
    messageToAdf: (input) => messageToAdf(input).docs,
    caseDescription: (input) => caseDescriptionAdf(input),
    withNote,
    adfToText,
    mediaReferences: (doc) =>
      // A media node may carry the file's name, its media id, or both; either may be what names the file.
      [...new Set(adfMediaReferences(doc).flatMap(({ id, name }) => [id, name]))].filter((text) => text !== null),
  };
}
