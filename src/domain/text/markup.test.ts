import { expect, it } from "vitest";
import { withoutMarkup } from "./markup.ts";

it.each([
  ["<p>[OPS-1#5] Ann:<br/>cannot reach &lt;vpc-id&gt;</p>", "[OPS-1#5] Ann:\ncannot reach <vpc-id>\n"],
  ["Map<String, List> fails", "Map<String, List> fails"],
  ["cannot reach <vpc-id> from <subnet-id>", "cannot reach <vpc-id> from <subnet-id>"],
  ["a &amp;lt; b", "a &lt; b"],
  ["&#60;x&#x3e; &#0; &unknown;", "<x> &#0; &unknown;"],
])("looks through the markup of %j", (text, expected) => {
  expect(withoutMarkup(text)).toBe(expected);
});
