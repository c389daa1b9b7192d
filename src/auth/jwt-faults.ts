import { AppError } from '@rollcall/contract';
import { errors } from 'jose';

/** What to tell of claims that are there and do not hold. */
const CLAIM_FAULTS: Readonly<Record<string, string>> = {
  iss: `The token's "iss" is not the issuer that this app takes.`,
  aud: `The token's "aud" does not name this app.`,
  nbf: 'The token is not valid yet ("nbf").',
  iat: `The token's "iat" lies in the future.`,
};

/** What is wrong with a token, in words that repeat nothing of it. Errors of ours pass. */
export function jwtFault(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('NOT_AUTHENTICATED', textOf(error));
}

function textOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) {
    return error.claim === 'iat' ? 'The token is older than this app allows.' : 'The token has expired.';
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (reason === 'missing') return `The token's "${claim}" is missing.`;
    if (reason === 'invalid') return `The token's "${claim}" is not a time in seconds.`;
    return CLAIM_FAULTS[claim] ?? 'The token is not valid here.';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return `The token's algorithm is not one that this app takes.`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is not valid.";
  if (error instanceof errors.JWKSNoMatchingKey) return 'No key that this app takes fits the token.';
  if (error instanceof errors.JOSEError) return 'The token is not a JWT that can be read.';
  // What the crypto library throws is about the key that was to check it.
  return 'The token is not valid here.';
}
