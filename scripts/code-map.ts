/**
 * Draws the map of folders and rooms in ARCHITECTURE.md from the imports of the sources: `node scripts/code-map.ts`. A row uses only rows
 * below it; where two rows use each other there is no such order, and the map is refused.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const document = join(root, "ARCHITECTURE.md");
const [begin, end] = ["<!-- map: node scripts/code-map.ts -->", "<!-- end of map -->"];
/** Folders whose rooms are shown apart. */
const opened = ["src/sync"];

type Room = { readonly name: string; files: number; readonly uses: Set<string> };

/** The room of a file: its folder under `src`, or a room of an opened folder; what stands beside the rooms is named like the folder. */
function roomOf(file: string): string {
  const [top = "", folder = "", inner = "", ...rest] = file.split("/");
  if (top !== "src") return top;
  const name = `${top}/${folder}`;
  return opened.includes(name) && rest.length > 0 ? `${name}/${inner}` : name;
}

function readRooms(): readonly Room[] {
  const files = execFileSync(
    "git",
    ["ls-files", "-co", "--exclude-standard", "src/*.ts", "jobs/*.ts", "simulators/*.ts"],
    {
      cwd: root,
      encoding: "utf8",
    },
  )
    .split("\n")
    .filter((file) => file !== "" && !/\.test\.ts$|\/generated\/|\/testing\.ts$/.test(file));
  const rooms = new Map<string, Room>();
  for (const file of files) {
    const room = rooms.get(roomOf(file)) ?? { name: roomOf(file), files: 0, uses: new Set<string>() };
    rooms.set(room.name, room);
    room.files += 1;
    for (const [, specifier = ""] of readFileSync(join(root, file), "utf8").matchAll(
      /(?:from|import\() ?"(\.[^"]+)"/g,
    )) {
      const used = roomOf(normalize(join(dirname(file), specifier)));
      if (used !== room.name) room.uses.add(used);
    }
  }
  return [...rooms.values()];
}

/** Rooms so that each stands above all that it uses. Throws where two use each other. */
function order(rooms: readonly Room[]): readonly Room[] {
  const left = new Map([...rooms].sort((a, b) => a.name.localeCompare(b.name)).map((room) => [room.name, room]));
  const sorted: Room[] = [];
  while (left.size > 0) {
    const next = [...left.values()].find(
      (room) => ![...left.values()].some((other) => other !== room && other.uses.has(room.name)),
    );
    if (next === undefined) throw new Error(`These use each other: ${[...left.keys()].join(", ")}`);
    left.delete(next.name);
    sorted.push(next);
  }
  return sorted;
}

/** The map as it belongs into ARCHITECTURE.md. Throws where two rooms use each other. */
export function drawMap(): string {
  const sorted = order(readRooms());
  const places = new Map(sorted.map((room, at) => [room.name, at]));
  const rows = sorted.map(({ name, files, uses }) => {
    const names = [...uses]
      .filter((used) => places.has(used))
      .sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    return `| \`${name}\` | ${files} | ${names.map((used) => used.replace(/^src\//, "")).join(", ")} |`;
  });
  return ["| room | files | uses |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The map that ARCHITECTURE.md holds. */
export function readMap(): string {
  const text = readFileSync(document, "utf8");
  return text.slice(text.indexOf(begin) + begin.length, text.indexOf(end)).trim();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const text = readFileSync(document, "utf8");
  const [before, after] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))];
  writeFileSync(document, `${before}\n\n${drawMap()}\n\n${after}`);
}
