/** The flows' view of rich text, over the ADF functions of this folder. */
import { parseFileAddress } from "../domain/text/file-names.ts";
import type { TextPort } from "../sync/ports.ts";
import { caseDescriptionAdf, firstLine, messageToAdf } from "./adf/build.ts";
import { adfAddresses, adfMediaReferences } from "./adf/references.ts";
import { adfToText } from "./adf/to-text.ts";
import { withNote } from "./adf/withdrawn.ts";

/** Makes the text port. Holds no state; `adfToText` and `mediaReferences` never throw on JSON. */
export function makeTextPort(): TextPort {
  return {
    messageToAdf: (input) => messageToAdf(input).docs,
    caseDescription: (input) => caseDescriptionAdf(input),
    firstLine,
    withNote,
    adfToText,
    mediaReferences,
  };
}

/** A media node may carry the file's name, its media id, or both; either may name the file, and so may an address anywhere. */
function mediaReferences(doc: unknown): readonly string[] {
  const shown = adfMediaReferences(doc).flatMap(({ attachmentId, id, name }) => [attachmentId, id, name]);
  const addressed = adfAddresses(doc).flatMap((address) => {
    const file = parseFileAddress(address);
    return file === null ? [] : [...file.ids, file.name];
  });
  return [...new Set([...shown, ...addressed])].filter((text) => text !== null);
}
