import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/**
 * Whether the pod is going away. The doors look here: nobody new is let in, and no connection is kept for later. It is
 * known with Nest's first hook, before anything is taken down with the later ones.
 */
@Injectable()
export class Shutdown implements OnModuleDestroy {
  private going = false;

  get begun(): boolean {
    return this.going;
  }

  onModuleDestroy(): void {
    this.going = true;
  }
}
