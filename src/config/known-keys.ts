/** The keys that the file's schema knows, read from its JSON Schema so that they need no second list. */
import { type FilePath, isRecord } from "./file-path.ts";
import { configFileJsonSchema } from "./file-schema.ts";

/** Copies the file's data without the keys whose value is empty, save keys that nobody knows. */
export function withoutEmpty(data: unknown): unknown {
  return withoutNulls(data, [configFileJsonSchema()]);
}

function withoutNulls(data: unknown, schemas: readonly unknown[]): unknown {
  if (Array.isArray(data)) return data.map((item, index) => withoutNulls(item, schemasBelow(schemas, index)));
  if (!isRecord(data)) return data;
  const known = keysOf(schemas);
  const kept = Object.entries(data).filter(
    ([key, value]) => value !== null || (known.length > 0 && !known.includes(key)),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNulls(value, schemasBelow(schemas, key))]));
}

/** Keys that the schema knows at a path. */
export function knownKeys(path: FilePath): readonly string[] {
  return keysOf(path.reduce(schemasBelow, [configFileJsonSchema()] as readonly unknown[]));
}

/** The JSON Schemas, one or several alternatives, of what stands below a key or position. */
function schemasBelow(schemas: readonly unknown[], segment: string | number): readonly unknown[] {
  const next = schemas.flatMap((schema) => {
    if (!isRecord(schema)) return [];
    if (typeof segment === "number") return [schema.items];
    const { properties } = schema;
    return [
      isRecord(properties) && Object.hasOwn(properties, segment) ? properties[segment] : schema.additionalProperties,
    ];
  });
  return next.flatMap((schema) => (isRecord(schema) && Array.isArray(schema.anyOf) ? schema.anyOf : [schema]));
}

function keysOf(schemas: readonly unknown[]): readonly string[] {
  return schemas.flatMap((schema) =>
    isRecord(schema) && isRecord(schema.properties) ? Object.keys(schema.properties) : [],
  );
}
