import { AppError } from '@rollcall/contract';

/** More wait than may: it helps to come again a moment later, and the answer says when. */
export class TooManyWaiting extends AppError {
  constructor(message: string) {
    super('RATE_LIMITED', message);
  }
}
