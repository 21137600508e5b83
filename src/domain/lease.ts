/** How long leases last (rule 2). Whoever holds one renews it while it works; what a killed worker held is free again when it ends. */

/** A run's lease of its link: it outlasts the time-out of a call. */
export const linkLeaseMs = 45_000;

/** A round's lease: shorter, so that the next round does not wait long for a killed worker. */
export const roundLeaseMs = 30_000;

/** How often either is renewed. */
export const renewEveryMs = 10_000;
