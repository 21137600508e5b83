/**
 * Recognising what we wrote and do not remember: copies, files and notices that carry our marks but have no row (rule 1 and rule 2).
 *
 * The problem: a lost or restored database knows less than the two services show, and whatever it does not know it would write
 * again. The answer: both sides are read, every mark without a row is turned back into the row that it came from, and only then is
 * anything planned. `rebuild` begins with no rows at all; an ordinary run finds the few that a restored database lacks.
 *
 * Traps, and how each is met:
 * - A message that one of our comments names is a person's, even if it starts with a mark: comments are looked at first.
 * - A mark tells no hash. Whether the text that was sent is still the comment's text is told by its content, and by its time.
 * - Files carry no marks. A comment's property pairs the files of a message; the others are paired by name, in their order.
 * - Two copies of one item are never merged and never dropped: one is taken, the other is reported.
 */

import { Book, type Recognised, type RecogniseInput } from "./book.ts";
import { recogniseComments, recogniseDescriptionFiles } from "./our-comments.ts";
import { recogniseMessages } from "./our-messages.ts";

export type { Recognised, RecogniseInput } from "./book.ts";
export { withdrawnHash } from "./our-comments.ts";

/** Finds the rows that marks tell of and `mirrors` lacks. Pure; with its result stored it finds nothing any more. */
export function recognise(input: RecogniseInput): Recognised {
  const book = new Book(input);
  recogniseComments(input, book);
  recogniseDescriptionFiles(input, book);
  recogniseMessages(input, book);
  return book.result();
}
