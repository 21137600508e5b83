/** The type that a second catalogue of texts has: the keys and parameters of the first, with any words. A key that it lacks does not compile. */
export type Widened<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };
