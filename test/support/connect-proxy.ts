/** An HTTP proxy that opens tunnels by CONNECT, as companies have them: with or without a sign-in, refusing, or silent. */
import { createServer } from "node:http";
import { connect as dial, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** A running proxy. `tunnels`: every `host:port` that was asked for, in order; `refused`: how many of them were. */
export type ConnectProxy = {
  readonly port: number;
  readonly tunnels: string[];
  refused(): number;
  /** Connections of clients that are open. */
  open(): number;
  close(): Promise<void>;
};

/** `answer`: what CONNECT gets instead of a tunnel; `silent` is no answer at all. `credentials`: `user:password` that it asks for. */
export async function startConnectProxy(
  options: { readonly credentials?: string; readonly answer?: 403 | "silent" } = {},
): Promise<ConnectProxy> {
  const tunnels: string[] = [];
  let refused = 0;
  const clients = new Set<Socket>();
  const ends = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on("connection", (socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
    socket.on("error", () => {});
  });
  server.on("connect", (request, socket: Duplex, head: Buffer) => {
    const authority = request.url ?? "";
    tunnels.push(authority);
    if (options.answer === "silent") {
      // Read on, so that the end of the client's side shows.
      socket.on("end", () => socket.end()).resume();
      return;
    }
    const given = request.headers["proxy-authorization"] ?? "";
    const wanted = `Basic ${Buffer.from(options.credentials ?? "").toString("base64")}`;
    const status = options.answer ?? (options.credentials !== undefined && given !== wanted ? 407 : 200);
    if (status !== 200) {
      refused += 1;
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${authority}`);
    const end = dial(Number(port || 80), hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      end.write(head);
      end.pipe(socket).pipe(end);
    });
    ends.add(end);
    for (const one of [end, socket]) {
      one.on("error", () => {
        end.destroy();
        socket.destroy();
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    tunnels,
    refused: () => refused,
    open: () => clients.size,
    close: () =>
      new Promise((done) => {
        for (const socket of [...clients, ...ends]) socket.destroy();
        server.close(() => done());
      }),
  };
}
