/** Looking through the markup that Huawei Cloud may have put around a text of ours (huawei.md 9). */

const WRAPPERS = /<\/?(?:p|div|span|br|font|a|b|i|u|strong|em|ul|ol|li|table|tbody|tr|td|th)(?:\s[^<>]{0,500})?\/?>/gi;
const LINE_ENDS = /<br\s{0,8}\/?>|<\/(?:p|div|li|tr)\s{0,8}>/gi;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", amp: "&" };

/**
 * The text without the tags of a rich text, with its entities as characters. Only tags that a rich text is made of go: `<region>` is a
 * word of the text. For comparing only. Never throws.
 */
export function withoutMarkup(text: string): string {
  return text
    .replace(LINE_ENDS, "\n")
    .replace(WRAPPERS, "")
    .replace(/&(?:(lt|gt|quot|apos|nbsp|amp)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, decimal, hex) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}
