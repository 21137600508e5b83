/** Ports for servers of tests. */
import { createServer } from "node:net";

/** A port that was free a moment ago, so nothing listens on it. */
export function findFreePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
