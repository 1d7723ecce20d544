/** What is wrong with a request, for the person who sent it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** SCREAMING_SNAKE, as in GraphQL's extensions.code. */
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const unauthenticated = (message: string): HttpError =>
  new HttpError(401, 'UNAUTHENTICATED', message, { 'WWW-Authenticate': 'Bearer realm="lazaret"' });
