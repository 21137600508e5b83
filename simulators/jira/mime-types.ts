const MIME_TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain",
  log: "text/plain",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  pdf: "application/pdf",
  zip: "application/zip",
  json: "application/json",
  html: "text/html",
  csv: "text/csv",
};

/** Type by the end of the name, else what the client said, else octets. */
export function toMimeType(name: string, told: string | null): string {
  if (told !== null && told !== "" && told !== "application/octet-stream") return told;
  return MIME_TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
