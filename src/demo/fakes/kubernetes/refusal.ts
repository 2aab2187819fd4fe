/** Errors of the API, with the texts of a real one, because clients match on them. */
import type { ResourceType } from './resource.ts';
import { qualify } from './resource.ts';

/** Thrown; the response is a Status object with the code as HTTP status. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.reason = reason;
  }
}

/** A Status object (apimachinery meta/v1). */
export function toStatus({ code, reason, message }: Pick<Refusal, 'code' | 'reason' | 'message'>): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
}

export function toNotFound(type: ResourceType, name: string): Refusal {
  return new Refusal(404, 'NotFound', `${qualify(type.plural, type)} "${name}" not found`);
}

export function toConflict(
  type: ResourceType,
  name: string,
  cause = 'the object has been modified; please apply your changes to the latest version and try again',
): Refusal {
  return new Refusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualify(type.plural, type)} "${name}": ${cause}`,
  );
}

export function toInvalid(type: ResourceType, name: string, cause: string): Refusal {
  return new Refusal(422, 'Invalid', `${qualify(type.kind, type)} "${name}" is invalid: ${cause}`);
}

export function toBadRequest(message: string): Refusal {
  return new Refusal(400, 'BadRequest', message);
}

/** For changes and pages of a list that are no longer kept. */
export function toExpired(message: string): Refusal {
  return new Refusal(410, 'Expired', message);
}
