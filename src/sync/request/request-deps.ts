import type { ApplyDeps } from "../apply/write-once.ts";
import type { CaseLookupPort } from "../ports.ts";
import type { Lookups } from "./lookups.ts";

/** What creating a case needs besides the writes. */
export type RequestDeps = ApplyDeps & {
  readonly lookups: Lookups;
  readonly account: Pick<CaseLookupPort, "listPrivileges" | "getAgreementSigned" | "listQuotas">;
};

/** What a run over a request came to. `created`: the link has its case now. */
export type RequestResult =
  | { readonly kind: "created" | "nothing"; readonly writes: number }
  | { readonly kind: "wait"; readonly until: Date; readonly reason: string; readonly writes: number };
