/**
 * A TCP proxy that breaks connections in the ways in which networks break them. What passes between the two ends is not looked at.
 *
 * - `swallow`: what the client sends is taken (acknowledged by TCP) and goes nowhere; nothing comes back. A firewall that forgot the
 *   connection, or a machine that froze behind a load balancer.
 * - `stall`: nothing is read any more, so that buffers fill up and nothing is acknowledged; new connections are accepted by the kernel alone.
 * - `halve`: the next answer is cut in its middle, and then as with `swallow`.
 * - `reset`: connections are reset, and so is each new one.
 * - `refuse`: nothing listens.
 */
import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** What the network does at the moment. */
export type NetworkMode = "pass" | "swallow" | "stall" | "halve" | "reset" | "refuse";

/** `set` holds for connections that are open and for new ones; `silence` swallows on those that are open, and lets new ones pass. */
export type FaultProxy = {
  readonly port: number;
  set(mode: NetworkMode): Promise<void>;
  silence(): number;
  /** Where new connections lead. */
  lead(target: { readonly host?: string; readonly port: number }): void;
  /** Connections that are open. */
  count(): number;
  /** Connections that were ever asked for, save while nothing listened. */
  asked(): number;
  close(): Promise<void>;
};

type Pair = { readonly client: Socket; readonly server: Socket; silent: boolean; halved: boolean };

/** Starts a proxy on a free loopback port. */
export async function startFaultProxy(first: { readonly host?: string; readonly port: number }): Promise<FaultProxy> {
  let mode: NetworkMode = "pass";
  let target = first;
  const pairs = new Set<Pair>();
  let asked = 0;
  let server: Server = await listen(0);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  function listen(on: number): Promise<Server> {
    const made = createServer({ pauseOnConnect: false }, accept);
    return new Promise((done, fail) => {
      made.once("error", fail);
      made.listen(on, "127.0.0.1", () => done(made));
    });
  }

  function accept(client: Socket): void {
    asked += 1;
    client.on("error", () => {});
    if (mode === "reset") {
      client.resetAndDestroy();
      return;
    }
    const pair: Pair = {
      client,
      server: dial({ host: target.host ?? "127.0.0.1", port: target.port }),
      silent: false,
      halved: false,
    };
    pairs.add(pair);
    pair.server.on("error", () => client.destroy());
    if (mode === "stall") client.pause();
    client.on("data", (chunk) => {
      if (!pair.silent && (mode === "pass" || (mode === "halve" && !pair.halved))) pair.server.write(chunk);
    });
    pair.server.on("data", (chunk) => {
      if (pair.silent || mode === "swallow" || mode === "stall" || pair.halved) return;
      if (mode !== "halve") {
        client.write(chunk);
        return;
      }
      client.write(chunk.subarray(0, Math.ceil(chunk.length / 2)));
      pair.halved = true;
    });
    const over = (): void => {
      pairs.delete(pair);
      client.destroy();
      pair.server.destroy();
    };
    client.on("close", over);
    pair.server.on("close", () => {
      // A peer that is gone says nothing through a network that swallows.
      if (!pair.silent && mode !== "swallow" && mode !== "stall") over();
    });
  }

  return {
    port,
    async set(next) {
      const before = mode;
      mode = next;
      if (before === "refuse" && next !== "refuse") server = await listen(port);
      for (const pair of pairs) {
        if (next === "pass") {
          // What was swallowed is lost: the two ends no longer understand each other, so a real one never speaks again either.
          if (before === "swallow" || before === "halve") pair.silent = true;
          pair.client.resume();
        }
        if (next === "stall") pair.client.pause();
        if (next === "reset" || next === "refuse") {
          pair.client.resetAndDestroy();
          pair.server.destroy();
        }
      }
      if (next === "refuse") await new Promise((done) => server.close(done));
    },
    silence() {
      for (const pair of pairs) pair.silent = true;
      return pairs.size;
    },
    lead(next) {
      target = next;
    },
    count: () => pairs.size,
    asked: () => asked,
    async close() {
      mode = "pass";
      for (const { client, server: behind } of pairs) {
        client.destroy();
        behind.destroy();
      }
      await new Promise((done) => server.close(done));
    },
  };
}
