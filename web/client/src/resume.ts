import { Kind, OperationTypeNode, type DocumentNode, type FieldNode } from 'graphql';
import type { ConnectionState } from './state.ts';

type Variables = Record<string, unknown>;

/** How many of the last cursors are remembered: more than a server repeats to a device that it had not heard of for a second. */
const REMEMBERED = 1_000;

/**
 * A subscription that continues, whenever it is opened again, behind the last event that was handled: the core of
 * `resumeLink` and `resumeExchange`.
 */
export class Resume {
  /**
   * What to subscribe with. graphql-ws sends the same object again whenever it has reconnected, so the position in it moves
   * with each event.
   */
  readonly variables: Variables;
  readonly #after: string;
  readonly #key: string;
  readonly #state: ConnectionState | undefined;
  readonly #handled = new Set<string>();

  private constructor(variables: Variables, after: string, key: string, state: ConnectionState | undefined) {
    this.variables = { ...variables };
    this.#after = after;
    this.#key = key;
    this.#state = state;
    state?.stream(this, false);
  }

  /**
   * Follows a subscription whose field has `after: $variable` and selects `cursor`; undefined for any other operation. With a
   * state, a stream that tells when it is ready, which is one of `events` that selects `__typename`, counts as behind until then.
   */
  static of(document: DocumentNode, variables: Variables | undefined, state?: ConnectionState): Resume | undefined {
    const field = subscriptionField(document);
    const after = field?.arguments?.find(({ name }) => name.value === 'after')?.value;
    if (field === undefined || after?.kind !== Kind.VARIABLE || !selects(field, 'cursor')) return undefined;
    const telling = field.name.value === 'events' && selects(field, '__typename') ? state : undefined;
    return new Resume(variables ?? {}, after.name.value, (field.alias ?? field.name).value, telling);
  }

  /** Takes note of a result. Returns false for an event that was handled before, which is to be dropped. */
  accept(result: { readonly data?: unknown }): boolean {
    const event = (result.data as Record<string, { cursor?: string; __typename?: string } | null> | null | undefined)?.[this.#key];
    if (typeof event?.cursor !== 'string') return true;
    // The cursor of StreamReady is that of the last event once more: a position, and never a repeat.
    if (event.__typename === 'StreamReady') this.#state?.stream(this, true);
    else if (this.#handled.has(event.cursor)) return false;
    else this.#remember(event.cursor);
    this.variables[this.#after] = event.cursor;
    return true;
  }

  /** Is called when the subscription has ended for good. */
  end(): void {
    this.#state?.ended(this);
  }

  #remember(cursor: string): void {
    this.#handled.add(cursor);
    if (this.#handled.size > REMEMBERED) this.#handled.delete(this.#handled.values().next().value!);
  }
}

/** The one field of a document's subscription. */
function subscriptionField(document: DocumentNode): FieldNode | undefined {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.SUBSCRIPTION) continue;
    return definition.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD);
  }
  return undefined;
}

function selects(field: FieldNode, name: string): boolean {
  const selections = field.selectionSet?.selections ?? [];
  return selections.some((selection) => selection.kind === Kind.FIELD && !selection.alias && selection.name.value === name);
}
