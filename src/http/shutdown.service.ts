import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';

/** Whether the pod is going away. The doors look here: nobody new is let in, and no connection is kept for later. */
@Injectable()
export class Shutdown implements BeforeApplicationShutdown {
  private going = false;

  get begun(): boolean {
    return this.going;
  }

  beforeApplicationShutdown(): void {
    this.going = true;
  }
}
