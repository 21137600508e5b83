/** Refusals and errors as the service words them (huawei.md 10, error-codes.csv). */

/** A refusal that becomes an answer. `status` is the HTTP status on the wire, `code` the `error_code`. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "ServiceError";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/**
 * A request that no document describes or that breaks a documented limit. It is answered as a parameter error and
 * remembered in the refusals, so that a test can assert that a client never sent one.
 */
export class RefusedRequest extends Error {
  /** Business code of the answer; a parameter error unless the documents name another. */
  readonly code: string;

  constructor(reason: string, code = "OSM.01010001") {
    super(reason);
    this.name = "RefusedRequest";
    this.code = code;
  }
}

/** Business error codes with their texts (error-codes.csv, "docs error codes"). */
const BUSINESS_TEXTS: Readonly<Record<string, string>> = {
  "OSM.01010001": "Parameter check failed.",
  "OSM.01010002": "You do not have permission to perform this operation.",
  "OSM.01010003": "The account and password do not match.",
  "OSM.01010004": "You have urged too often. Please try again later.",
  "OSM.01010005": "The total size of files uploaded today exceeds the limit.",
  "OSM.01010006": "The severity ID does not exist.",
  "OSM.01010007": "The tenant does not have the role to create service tickets.",
  "OSM.01010008": "The carbon copy email address is invalid.",
  "OSM.01010009": "The support plan does not cover this service ticket.",
  "OSM.01010010": "The contact verification failed.",
  "OSM.01010011": "No customer found in the token.",
  "OSM.01010012": "The type must be 0 or 1.",
  "OSM.01010013": "The action must be cancel, close, press or delete.",
  "OSM.01010014": "Operation failed.",
  "OSM.01010015": "The service ticket does not exist.",
};

/** Historical codes for the `http4xx` style; other codes keep their name and take 400 (Assumed: only four are documented). */
const HISTORICAL: Readonly<Record<string, readonly [number, string]>> = {
  "OSM.01010001": [400, "OSM.0001"],
  "OSM.01010002": [403, "OSM.0003"],
  "OSM.01010007": [403, "OSM.0003"],
  "OSM.01010014": [500, "OSM.0004"],
};

/** Makes a business error, to be thrown by an operation; `style` is the setting `errorStyle` (huawei.md 10). */
export function businessError(style: "http200" | "http4xx", code: string, message?: string): ServiceError {
  const text = message ?? BUSINESS_TEXTS[code] ?? "The operation is not allowed in the current state.";
  if (style === "http200") return new ServiceError(200, code, text);
  const [status, historical] = HISTORICAL[code] ?? [400, code];
  return new ServiceError(status, historical, text);
}

/** 401 of the gateway for a bad signature, clock or token (error-codes.csv APIGW.0301). */
export function authenticationError(detail: string): ServiceError {
  return new ServiceError(401, "APIGW.0301", `Incorrect IAM authentication information: ${detail}`);
}
