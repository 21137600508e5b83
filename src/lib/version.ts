import { readFileSync } from "node:fs";

/** The version of this package. Throws where its `package.json` cannot be read. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return version;
}
