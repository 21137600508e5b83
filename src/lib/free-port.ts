import { createServer } from "node:net";

const triesMax = 100;

/** The first port from `wanted` on that can be listened on at this machine's loopback. Rejects when a hundred in a row are taken. */
export async function firstFreePort(wanted: number): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + triesMax, 65_536); port += 1) if (await isFree(port)) return port;
  throw new Error(`all ports from ${wanted} on are taken`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // Low ports are refused to ordinary users: the next ones will be, too, and listening itself says so better.
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
