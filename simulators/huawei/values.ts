/** Values of a request that the document's checks have passed. */

/** Checked values by name: text, number, boolean, list or nested values, as the contract says. */
export type Values = Readonly<Record<string, unknown>>;

/** The text under `name`; undefined when absent or empty (an empty filter filters nothing). */
export function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The number under `name`, undefined when absent. */
export function numberOf(values: Values, name: string): number | undefined {
  const value = values[name];
  return typeof value === "number" ? value : undefined;
}

/** The list of texts under `name`, empty when absent. */
export function textsOf(values: Values, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** The nested values under `name`, empty when absent. */
export function valuesOf(values: Values, name: string): Values {
  const value = values[name];
  return isRecord(value) ? value : {};
}

/** Whether a value is a plain JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
