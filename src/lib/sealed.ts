/** Decides whether something may leave at this moment. */
export type Judge = {
  /** Resolves when it may leave now; throws what keeps it. May be asked again: each answer holds for a moment only. */
  judge(): Promise<void>;
  /** Whether the last answer still holds. */
  holds(): boolean;
};

/**
 * Content that comes from Jira and can be had in one way alone: by being judged. A port that writes to Huawei takes nothing else, so
 * that a write which forgets the judgement does not compile. Only the gate makes one (`src/sync/apply/gate.ts`, held by an import rule).
 */
export class Sealed<Content> {
  readonly #content: Content;
  readonly #judge: Judge;

  constructor(content: Content, judge: Judge) {
    this.#content = content;
    this.#judge = judge;
  }

  /** The content, judged now. For each attempt anew, after its turn has come. Throws what the judge throws. */
  async open(): Promise<Content> {
    await this.#judge.judge();
    return this.#content;
  }

  /** Whether the judgement of the last `open` still holds; asked when the first byte is about to leave. */
  holds(): boolean {
    return this.#judge.holds();
  }
}
