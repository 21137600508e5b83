/** Paths inside the configuration file, and data by them. */

/** Path of keys and positions inside the file. */
export type FilePath = readonly (string | number)[];

/** `connections[0].jira.projectKey`; the empty path is the file itself. */
export function formatPath(path: FilePath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (/^[\w-]{1,60}$/.test(segment)) text += text === "" ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment.slice(0, 60))}]`;
  }
  return text === "" ? "(whole file)" : text;
}

/** A path as zod gives it. */
export function toFilePath(path: readonly PropertyKey[]): FilePath {
  return path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment));
}

/** A copy of the data without what stands at the path. */
export function withoutPath(data: unknown, path: FilePath): unknown {
  const [first, ...others] = path;
  if (first === undefined) return undefined;
  if (Array.isArray(data)) return data.map((item, index) => (index === first ? withoutPath(item, others) : item));
  if (!isRecord(data)) return data;
  const entries = Object.entries(data).filter(([key]) => others.length > 0 || key !== first);
  return Object.fromEntries(entries.map(([key, value]) => [key, key === first ? withoutPath(value, others) : value]));
}

/** What stands at the path; `undefined` = nothing. */
export function valueAt(data: unknown, path: FilePath): unknown {
  let value = data;
  for (const segment of path) {
    if (Array.isArray(value) && typeof segment === "number") value = value[segment];
    else if (isRecord(value) && Object.hasOwn(value, segment)) value = value[segment];
    else return undefined;
  }
  return value;
}

/** Whether it is a mapping. */
export function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
