/** The proxy of the environment, for what no connection's file gives another one. */
import { Secret } from "../lib/secret.ts";
import type { HttpProxy } from "../lib/tunnel.ts";
import { toHosts } from "./values.ts";
import type { Variables } from "./variables.ts";

/** `HTTPS_PROXY` with the hosts of `NO_PROXY`; `null` where it is unset, or its mistake is already reported. */
export function commonProxy(variables: Variables): HttpProxy | null {
  const found = variables.findSecret("HTTPS_PROXY");
  if (found.kind !== "value") return null;
  const except = variables.find("NO_PROXY");
  return { url: new Secret(found.value), except: toHosts(except.kind === "value" ? except.value : "") };
}
