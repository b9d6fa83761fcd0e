/** Something about an input that its author can mend. */
export interface UserError {
  readonly code: string;
  readonly message: string;
  /** The path of the field within the input; null when no field is to blame. */
  readonly field?: readonly string[] | null | undefined;
}

/** All that is wrong with the input of a mutation. Nothing of it was written. */
export class UserErrors extends Error {
  override readonly name = 'UserErrors';
  readonly errors: readonly UserError[];

  constructor(errors: readonly UserError[]) {
    super(errors.map(({ message }) => message).join(' '));
    this.errors = errors;
  }

  /** What is wrong with one field of the input, to be shown beside it. Without a name: what no field is to blame for. */
  on(field?: string): readonly UserError[] {
    return this.errors.filter((error) => error.field?.join('.') === field);
  }

  /** Whether one of the errors has this code, such as `TAKEN`. */
  has(code: string): boolean {
    return this.errors.some((error) => error.code === code);
  }
}

/** A payload without userErrors has all that it names, but the cursor, which is null when the mutation caused no event. */
export type Unwrapped<Payload> = {
  readonly [Name in Exclude<keyof Payload, 'userErrors'>]: Name extends 'cursor' ? Payload[Name] : NonNullable<Payload[Name]>;
};

/** Returns the payload of a mutation that was done, and throws UserErrors for one that was not. */
export function unwrap<Payload extends { readonly userErrors: readonly UserError[] }>(
  payload: Payload | null | undefined,
): Unwrapped<Payload> {
  if (!payload) throw new TypeError('There is no payload: the mutation failed as a whole, and the error beside the data says why.');
  if (payload.userErrors.length > 0) throw new UserErrors(payload.userErrors);
  return payload as Unwrapped<Payload>;
}
