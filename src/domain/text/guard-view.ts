/** A text as a reader sees it, with the way back to the text as it is. */
export type ReadableView = {
  readonly text: string;
  /** Where in the source the readable character at `index` stands. */
  sourceStart(index: number): number;
  /** Where in the source a stretch ends whose readable end (exclusive) is `index`. */
  sourceEnd(index: number): number;
};

// Format characters, the joiner U+034F, fillers of Hangul and Khmer, and variation selectors.
const INVISIBLE = /\p{Cf}|\p{Variation_Selector}|\u034F|[\u115F\u1160\u3164\uFFA0]|\u17B4|\u17B5/u;
const BLANK = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/;
const FULL_WIDTH = /[\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A]/;
/** From a full-width letter or digit to the plain one. */
const FULL_WIDTH_OFFSET = 0xfee0;

/**
 * The text without invisible characters, with every kind of blank as a plain one and full-width letters and digits as
 * plain ones: a secret or its label must not hide behind what nobody sees. Pure, linear.
 */
export function toReadable(source: string): ReadableView {
  if (![INVISIBLE, BLANK, FULL_WIDTH].some((unusual) => unusual.test(source)))
    return { text: source, sourceStart: (index) => index, sourceEnd: (index) => index };
  const places: number[] = [];
  let text = "";
  let index = 0;
  for (const char of source) {
    if (!INVISIBLE.test(char)) {
      text += BLANK.test(char)
        ? " "
        : FULL_WIDTH.test(char)
          ? String.fromCharCode(char.charCodeAt(0) - FULL_WIDTH_OFFSET)
          : char;
      for (let unit = 0; unit < char.length; unit += 1) places.push(index + unit);
    }
    index += char.length;
  }
  return {
    text,
    sourceStart: (at) => places[at] ?? source.length,
    sourceEnd: (at) => (at === 0 ? 0 : (places[at - 1] ?? source.length - 1) + 1),
  };
}
