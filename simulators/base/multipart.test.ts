import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { makeFileStore } from "./files.ts";
import { readMultipart } from "./multipart.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("multipart", () => {
  const disposition = (name: string) => `Content-Disposition: form-data; name="file"; filename="${name}"`;
  const split = (body: Buffer, size: number) =>
    Array.from({ length: Math.ceil(body.length / size) }, (_unused, index) =>
      body.subarray(index * size, (index + 1) * size),
    );
  const store = makeFileStore();
  const read = (body: string, size: number, fileBytesMax = 1_000) =>
    readMultipart(Readable.from(split(Buffer.from(body), size)), "B", { openSink: store.openSink, fileBytesMax });

  afterAll(() => store.close());

  it.each([1, 2, 3, 7, 50, 10_000])("reads a body in chunks of %i bytes", async (size) => {
    const body = `--B\r\n${disposition("a%22b.txt")}\r\nContent-Type: text/plain\r\n\r\none\r\n--X\r\n\r\n--B\r\n${disposition("ü")}\r\n\r\n\r\n--B--\r\n`;

    const { files } = await read(body, size);

    const stored = files.map(({ fileName, contentType, sink }) => ({ fileName, contentType, ...sink.finish() }));
    expect(stored).toMatchObject([
      { fileName: 'a"b.txt', sizeBytes: 10, sha256: sha256("one\r\n--X\r\n"), contentType: "text/plain" },
      { fileName: "ü", sizeBytes: 0, sha256: sha256(""), contentType: null },
    ]);
  });

  it.each([
    ["without an end", `--B\r\n${disposition("a")}\r\n\r\none`],
    ["with a part without a name", "--B\r\nContent-Disposition: form-data\r\n\r\none\r\n--B--\r\n"],
    ["with garbage after a boundary", `--B\r\n${disposition("a")}\r\n\r\none\r\n--Bxx`],
  ])("refuses a body %s", async (_name, body) => {
    await expect(read(body, 5)).rejects.toThrow();
  });

  it("keeps text parts apart from files, and says when a file is above the limit", async () => {
    const body = `--B\r\nContent-Disposition: form-data; name="x"\r\n\r\none\r\n--B\r\n${disposition("a")}\r\n\r\n0123456789\r\n--B--`;

    expect(await read(body, 7, 10)).toMatchObject({ fields: [{ field: "x", text: "one" }], cutFiles: false });
    expect(await read(body, 7, 9)).toMatchObject({ files: [{ field: "file", fileName: "a" }], cutFiles: true });
  });
});
