/** Which connections and links a command is about. */
import type { LinkId } from "../domain/ids.ts";
import type { Composition, WiredConnection } from "./cli/app.ts";
import type { CommandFailure } from "./cli/exit-code.ts";
import { type LinkTarget, usage } from "./cli/options.ts";

/** Tells a connection by its name. */
export function isNamed(name: string): (connection: { readonly name: string }) => boolean {
  return (connection) => connection.name === name;
}

/** The failure of a command that names a connection which is not configured. */
export function noConnection(name: string | null): CommandFailure {
  return usage(
    `There is no connection ${name ?? ""}.`,
    "See the names in casebridge.yaml; without it there is one named default.",
  );
}

/** The connection of that name, or all. Throws `CommandFailure` for an unknown name. */
export function chosen<Connection extends { readonly name: string }>(
  place: { readonly connections: readonly Connection[] },
  name: string | null,
): readonly Connection[] {
  const connections = place.connections.filter((connection) => name === null || connection.name === name);
  if (connections.length === 0) throw noConnection(name);
  return connections;
}

/** What a command is about. */
export type Target = LinkTarget | { readonly kind: "since"; readonly since: Date } | { readonly kind: "all" };

/** The connections that a target concerns: the one that owns a linked case, else the first. */
export async function holders(
  composition: Composition,
  name: string | null,
  target: Target,
): Promise<readonly WiredConnection[]> {
  const connections = chosen(composition, name);
  if (target.kind === "all" || target.kind === "since") return connections;
  const link = await composition.admin.findLink(target.kind === "case" ? target.caseId : target.issueKey, name);
  const owner = connections.find((connection) => connection.name === link?.summary.connectionName);
  return owner === undefined ? connections.slice(0, 1) : [owner];
}

/** The links of a connection that exist and that a target means. Throws `CommandFailure` for one that does not exist. */
export async function existingLinks(
  composition: Composition,
  connection: { readonly name: string },
  target: Target,
): Promise<readonly LinkId[]> {
  if (target.kind === "case" || target.kind === "issue") {
    return [
      (await findLink(composition, target.kind === "case" ? target.caseId : target.issueKey, connection.name)).summary
        .id,
    ];
  }
  const links = await composition.state.listIntakeLinks(connection.name);
  const recent = target.kind === "since" ? links.filter((link) => link.createdAt >= target.since) : links;
  return recent.filter((link) => link.state !== "unlinked").map((link) => link.id);
}

/** Everything about one link. */
export type FoundLink = NonNullable<Awaited<ReturnType<Composition["admin"]["findLink"]>>>;

/** The link of that name, in that connection if one is given. Throws `CommandFailure`. */
export async function findLink(composition: Composition, name: string, connection: string | null): Promise<FoundLink> {
  chosen(composition, connection);
  const link = await composition.admin.findLink(name, connection);
  if (link === null)
    throw usage(
      `Nothing is linked under ${name}.`,
      "See `casebridge links list`; `casebridge resync --case ID --wait` takes a case that is not linked yet.",
    );
  return link;
}
