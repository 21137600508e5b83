import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { firstFreePort } from "./free-port.ts";

const server = createServer();
afterEach(() => server.close());

test("a taken port is passed over, a free one is kept", async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const next = await firstFreePort(port);

  expect(next).toBeGreaterThan(port);
  expect(await firstFreePort(next)).toBe(next);
});
